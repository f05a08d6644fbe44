// SPDX-License-Identifier: Apache-2.0
// What native/thread_pool.hpp promises, one case a run: the argument names it. Exits with 0 if it
// holds; test_thread_pool.py builds and runs this, with and without sanitizers.

#include "native/thread_pool.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using native::ThreadPool;

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::_Exit(1); \
    } \
  } while (false)

// Threads that may yet be started; the library's own function is called through this one.
static std::atomic<int> startable{1 << 20};
static std::atomic<int> started{0};
static std::atomic<int> ended{0};

struct Start
{
  void * (* function)(void *);
  void * argument;
};

static void * counted(void * start)
{
  const Start copy = *static_cast<Start *>(start);
  delete static_cast<Start *>(start);
  void * const result = copy.function(copy.argument);
  ++ended;
  return result;
}

extern "C" int pthread_create(
  pthread_t * thread, const pthread_attr_t * attributes, void * (*function)(void *),
  void * argument) noexcept
{
  using Create = int (*)(pthread_t *, const pthread_attr_t *, void * (*)(void *), void *);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (--startable < 0) {
    return EAGAIN;
  }
  ++started;
  return create(thread, attributes, counted, new Start{function, argument});
}

// Wait for something that another thread does; the process is ended if it takes too long.
static void wait_for(const std::function<bool()> & condition)
{
  while (!condition()) {
    std::this_thread::yield();
  }
}

static std::string message_of(const std::function<void()> & action)
{
  try {
    action();
  } catch (const std::exception & error) {
    return error.what();
  }
  return "no exception";
}

// Every piece is taken once, also when threads share the pool, and none runs behind ``run``.
static void shares_work()
{
  ThreadPool pool(3);
  const auto call = [&] {
      for (int i = 0; i < 400; ++i) {
        std::atomic<int> next{0}, inside{0};
        std::vector<int> taken(50);  // no atomics: run makes what was written visible
        pool.run([&] {
            ++inside;
            for (int piece; (piece = next++) < 50; ) {
              ++taken[piece];
            }
            --inside;
          });
        CHECK(inside == 0);
        CHECK(taken == std::vector<int>(50, 1));
      }
    };
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back(call);
  }
  for (std::thread & caller : callers) {
    caller.join();
  }
}

// All helpers come to a task that takes long enough.
static void helpers_come()
{
  ThreadPool pool(3);
  std::atomic<int> inside{0};
  pool.run([&] {++inside; wait_for([&] {return inside == 4;});});
}

// A caller does not wait for another's task, and does without helpers if that has them all.
static void callers_do_not_wait_for_each_other()
{
  ThreadPool pool(1);
  std::atomic<int> inside{0};
  std::atomic<bool> done{false};
  std::thread other([&] {
      pool.run([&] {++inside; wait_for([&] {return done.load();});});
    });
  wait_for([&] {return inside == 2;});
  int calls = 0;
  pool.run([&] {++calls;});
  CHECK(calls == 1);
  done = true;
  other.join();
}

static void a_helpers_exception_reaches_the_caller()
{
  ThreadPool pool(2);
  for (int i = 0; i < 200; ++i) {
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> thrown{false};
    const auto task = [&] {
        if (std::this_thread::get_id() == caller) {
          wait_for([&] {return thrown.load();});
          return;
        }
        thrown = true;
        throw std::runtime_error("from a helper");
      };
    CHECK(message_of([&] {pool.run(task);}) == "from a helper");
  }
  std::atomic<int> calls{0};
  pool.run([&] {++calls;});
  CHECK(calls >= 1);
}

// The task and all it refers to live until the helpers have left it.
static void the_callers_exception_waits_for_helpers()
{
  ThreadPool pool(2);
  for (int i = 0; i < 200; ++i) {
    const auto caller = std::this_thread::get_id();
    std::atomic<int> inside{0}, done{0};
    std::atomic<bool> thrown{false};
    const auto task = [&] {
        if (std::this_thread::get_id() == caller) {
          wait_for([&] {return inside == 2;});
          thrown = true;
          throw std::runtime_error("from the caller");
        }
        ++inside;
        wait_for([&] {return thrown.load();});
        std::this_thread::yield();
        ++done;
      };
    CHECK(message_of([&] {pool.run(task);}) == "from the caller");
    CHECK(done == 2);
  }
}

static void one_of_many_exceptions_is_thrown()
{
  ThreadPool pool(3);
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> number{0};
    const std::string message = message_of([&] {
        pool.run([&] {throw std::runtime_error(std::to_string(number++));});
      });
    CHECK(message.size() == 1 && message[0] >= '0' && message[0] <= '3');
  }
}

static void a_task_may_run_another()
{
  ThreadPool pool(2);
  std::atomic<int> inner{0};
  for (int i = 0; i < 200; ++i) {
    pool.run([&] {pool.run([&] {++inner;});});
  }
  CHECK(inner >= 200);
}

static void a_pool_without_helpers_works()
{
  ThreadPool pool(0);
  int calls = 0;
  pool.run([&] {++calls;});
  CHECK(calls == 1);
  CHECK(message_of([&] {pool.run([] {throw std::bad_alloc();});}) == std::bad_alloc().what());
  CHECK(message_of([] {ThreadPool none(-1);}) == "a pool cannot have -1 helpers");
}

static void threads_that_cannot_start_are_an_error()
{
  startable = 2;
  const int before = started;
  try {
    ThreadPool pool(5);
    CHECK(false);
  } catch (const std::system_error & error) {
    CHECK(error.code() == std::errc::resource_unavailable_try_again);
    CHECK(std::string(error.what()).rfind("cannot start thread 3 of 5: ", 0) == 0);
  }
  CHECK(started == before + 2);
  CHECK(ended == started);
}

// A child has the pool's memory, but not its threads.
static void a_forked_child_works_alone()
{
  ThreadPool pool(3);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
      while (!stop) {
        pool.run([] {});
      }
    });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      alarm(20);
      int calls = 0;
      pool.run([&] {++calls;});
      pool.~ThreadPool();
      std::_Exit(calls == 1 ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = true;
  busy.join();
  std::atomic<int> inside{0};
  pool.run([&] {++inside; wait_for([&] {return inside == 4;});});
}

static void pools_come_and_go()
{
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(i % 4);
    if (i % 2) {
      pool.run([] {});
    }
  }
  CHECK(ended == started);
}

#define CASE(name) {#name, name}
static const struct {const char * name; void (* run)();} CASES[] = {
  CASE(shares_work), CASE(helpers_come), CASE(callers_do_not_wait_for_each_other),
  CASE(a_helpers_exception_reaches_the_caller), CASE(the_callers_exception_waits_for_helpers),
  CASE(one_of_many_exceptions_is_thrown), CASE(a_task_may_run_another),
  CASE(a_pool_without_helpers_works), CASE(threads_that_cannot_start_are_an_error),
  CASE(a_forked_child_works_alone), CASE(pools_come_and_go),
};

int main(int count, char ** arguments)
{
  alarm(100);
  for (const auto & each : CASES) {
    if (count == 1) {
      std::puts(each.name);
    } else if (!std::strcmp(arguments[1], each.name)) {
      each.run();
      return 0;
    }
  }
  return count == 1 ? 0 : 2;
}
