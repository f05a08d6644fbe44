// SPDX-License-Identifier: Apache-2.0
// Memory that is kept from picture to picture.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gaussians
{

// Room for a number of values that are not initialised; grows, and never shrinks.
template<typename T>
class Buffer
{
  static_assert(std::is_trivially_copyable_v<T>, "nothing is constructed or destroyed");

public:
  Buffer() = default;
  // :throws std::bad_alloc: where there is not so much memory.
  explicit Buffer(std::size_t count) {allocate(count);}
  ~Buffer() {std::free(values_);}
  Buffer(Buffer && other) noexcept
  : values_(std::exchange(other.values_, nullptr)), room_(std::exchange(other.room_, 0)) {}
  Buffer & operator=(Buffer && other) noexcept
  {
    std::swap(values_, other.values_);
    std::swap(room_, other.room_);
    return *this;
  }
  Buffer(const Buffer &) = delete;
  Buffer & operator=(const Buffer &) = delete;

  // Make room for at least ``count`` values; what was in it is lost if it has to grow.
  // :throws std::bad_alloc: where there is not so much memory; the buffer is empty then.
  void reserve(std::size_t count)
  {
    if (count > room_) {
      // A little more, so that a moving camera does not make it grow at every picture.
      allocate(count + count / 4);
    }
  }

  T * data() {return values_;}
  const T * data() const {return values_;}
  T & operator[](std::size_t index) {return values_[index];}
  const T & operator[](std::size_t index) const {return values_[index];}

private:
  static constexpr std::size_t LINE = 64;
  static constexpr std::size_t HUGE_PAGE = std::size_t{1} << 21;

  void allocate(std::size_t count)
  {
    std::free(std::exchange(values_, nullptr));
    room_ = 0;
    if (count > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) {
      throw std::bad_alloc();
    }
    const std::size_t alignment = count * sizeof(T) < HUGE_PAGE ? LINE : HUGE_PAGE;
    const std::size_t size = (count * sizeof(T) / alignment + 1) * alignment;
    values_ = static_cast<T *>(std::aligned_alloc(alignment, size));
    if (!values_) {
      throw std::bad_alloc();
    }
#if defined(MADV_HUGEPAGE)
    if (alignment == HUGE_PAGE) {
      madvise(values_, size, MADV_HUGEPAGE);
    }
#endif
    room_ = count;
  }

  T * values_ = nullptr;
  std::size_t room_ = 0;
};

}  // namespace gaussians
