// SPDX-License-Identifier: Apache-2.0
// Threads that help with tasks whose pieces anyone may take.

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace native
{

// A task is a function that takes pieces of its work until none are left. Any number of threads may
// run it at once, and it is done when the first of them returns and the others that had begun have
// returned too.
//
// Several threads may call ``run`` at once, and a task may call it too. After a fork, the child's
// copy has no helpers: tasks run on their callers alone there.
class ThreadPool
{
public:
  // :param helpers: threads to start, in addition to those that call ``run``.
  // :throws std::system_error: if they cannot all be started; those that were have ended then.
  explicit ThreadPool(int helpers)
  : state_(std::make_unique<State>())
  {
    if (helpers < 0) {
      throw std::invalid_argument("a pool cannot have " + std::to_string(helpers) + " helpers");
    }
    try {
      start(helpers);
    } catch (...) {
      stop();
      throw;
    }
  }

  ~ThreadPool()
  {
    if (is_forked()) {
      // The threads are not in this process, and their locks are as they were left: waiting for
      // either would never end. Their memory is the price.
      static_cast<void>(state_.release());
      return;
    }
    stop();
  }

  ThreadPool(const ThreadPool &) = delete;
  ThreadPool & operator=(const ThreadPool &) = delete;

  // Run ``task`` on the calling thread and on those helpers that come in time. Helpers that have
  // not begun when the first thread returns from it are not waited for: on a busy machine that may
  // take longer than the task.
  //
  // An exception of any thread is thrown here, the first one if there are several, when no thread
  // runs the task any more. None begins it after an exception; what is to end those that have begun
  // early is the task's to say, for instance by leaving no pieces.
  void run(const std::function<void()> & task)
  {
    if (is_forked()) {
      task();
      return;
    }
    Job job{&task};
    std::unique_lock<std::mutex> lock(state_->mutex);
    state_->open.push_back(&job);
    state_->wanted.notify_all();
    state_->take_part(job, lock);
    state_->left.wait(lock, [&] {return job.helpers == 0;});
    lock.unlock();
    if (job.error) {
      std::rethrow_exception(job.error);
    }
  }

private:
  // One call of ``run``, on whose stack it lies. All but ``task`` is guarded by the pool's mutex.
  struct Job
  {
    const std::function<void()> * task;
    int helpers = 0;
    std::exception_ptr error = nullptr;
  };

  struct State
  {
    const pid_t process = getpid();
    std::mutex mutex;
    std::condition_variable wanted;  // a job is open, or helpers are to leave
    std::condition_variable left;    // a job's last helper has left it
    std::vector<Job *> open;         // jobs that helpers may join, the oldest first
    bool leaving = false;
    std::vector<std::thread> threads;

    void help()
    {
      std::unique_lock<std::mutex> lock(mutex);
      for (;; ) {
        wanted.wait(lock, [&] {return leaving || !open.empty();});
        if (leaving) {
          return;
        }
        Job & job = *open.front();
        ++job.helpers;
        take_part(job, lock);
        if (--job.helpers == 0) {
          // Its caller gets the lock, and ends the job's life, when this thread waits again.
          left.notify_all();
        }
      }
    }

    // Run the job's task, without the lock, and close the job.
    void take_part(Job & job, std::unique_lock<std::mutex> & lock)
    {
      std::exception_ptr error;
      lock.unlock();
      try {
        (*job.task)();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      open.erase(std::remove(open.begin(), open.end(), &job), open.end());
      if (!job.error) {
        job.error = std::move(error);
      }
    }
  };

  bool is_forked() const {return state_->process != getpid();}

  void start(int helpers)
  {
    std::vector<std::thread> & threads = state_->threads;
    threads.reserve(static_cast<std::size_t>(helpers));
    for (int i = 0; i < helpers; ++i) {
      try {
        threads.emplace_back(&State::help, state_.get());
      } catch (const std::system_error & error) {
        throw std::system_error(
          error.code(),
          "cannot start thread " + std::to_string(i + 1) + " of " + std::to_string(helpers));
      }
    }
  }

  void stop()
  {
    {
      const std::lock_guard<std::mutex> lock(state_->mutex);
      state_->leaving = true;
    }
    state_->wanted.notify_all();
    for (std::thread & thread : state_->threads) {
      thread.join();
    }
  }

  std::unique_ptr<State> state_;
};

}  // namespace native
