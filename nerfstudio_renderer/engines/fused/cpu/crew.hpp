// Copyright 2026 The nerfstudio_renderer_ros Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Threads that help with one task at a time.

#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace nerfacto
{

// A task is a function that takes pieces of its work until none are left, and that any number of
// threads may run at once.
class Crew
{
public:
  explicit Crew(int helpers)
  {
    for (int i = 0; i < helpers; ++i) {
      threads_.emplace_back([this] {help();});
    }
  }

  ~Crew()
  {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      leaving_ = true;
    }
    changed_.notify_all();
    for (std::thread & thread : threads_) {
      thread.join();
    }
  }

  // Run ``task`` on the calling thread and on those helpers that come in time. Helpers that have
  // not begun when it returns here are not waited for: on a busy machine that may take longer than
  // the task.
  void run(const std::function<void()> & task)
  {
    const auto job = std::make_shared<Job>(Job{&task});
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
    }
    changed_.notify_all();
    task();
    std::unique_lock<std::mutex> lock(mutex_);
    job->open = false;
    changed_.wait(lock, [&] {return job->helpers == 0;});
  }

private:
  struct Job
  {
    const std::function<void()> * task;
    int helpers = 0;
    bool open = true;
  };

  void help()
  {
    std::shared_ptr<Job> job;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;; ) {
      changed_.wait(lock, [&] {return leaving_ || (job_ != job && job_->open);});
      if (leaving_) {
        return;
      }
      job = job_;
      ++job->helpers;
      lock.unlock();
      (*job->task)();
      lock.lock();
      --job->helpers;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Job> job_;
  bool leaving_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace nerfacto
