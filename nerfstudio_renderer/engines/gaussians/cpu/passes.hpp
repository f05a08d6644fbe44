// SPDX-License-Identifier: Apache-2.0
// Passes over pieces of work that threads share, one pass after the other.

#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>

namespace gaussians
{

// Asked between pieces whether to go on, and told of what went wrong in any.
class Stop
{
public:
  bool requested() const {return requested_.load(std::memory_order_relaxed);}
  void request() {requested_.store(true, std::memory_order_relaxed);}

  // Keep the exception that is being handled, if it is the first, and stop.
  void fail()
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) {
      failure_ = std::current_exception();
    }
    request();
  }

  // :throws: what the first piece that failed has thrown.
  void rethrow() const
  {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

private:
  std::atomic<bool> requested_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// Pieces of work that do not depend on each other. Threads come when they can; each returns when
// all pieces are done, and so can go on to a pass that needs them.
class Pass
{
public:
  // Begin anew, when no thread is in it.
  void reset()
  {
    next_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
  }

  // :param work: called with the number of a piece; not any more once ``stop`` is requested.
  template<typename Work>
  void run(std::int32_t pieces, Stop & stop, const Work & work)
  {
    for (;; ) {
      const std::int32_t piece = next_.fetch_add(1, std::memory_order_relaxed);
      if (piece >= pieces) {
        break;
      }
      try {
        if (!stop.requested()) {
          work(piece);
        }
      } catch (...) {
        stop.fail();
      }
      done_.fetch_add(1, std::memory_order_release);
    }
    wait(pieces);
  }

private:
  // Other threads are at their last pieces, so this is short, unless one of them has lost its core.
  void wait(std::int32_t pieces) const
  {
    constexpr int PATIENCE = 1000;
    for (int turn = 0; done_.load(std::memory_order_acquire) < pieces; ++turn) {
      if (turn < PATIENCE) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      } else {
        std::this_thread::yield();
      }
    }
  }

  std::atomic<std::int32_t> next_{0};
  std::atomic<std::int32_t> done_{0};
};

}  // namespace gaussians
