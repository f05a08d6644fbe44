// SPDX-License-Identifier: Apache-2.0
// Vectors of one instruction set, each element ("lane") of which belongs to another ray.
//
// The headers of the kernel are compiled once for each instruction set, in a namespace of its own.
// They use no function of the standard library that is not built into the compiler: the linker
// keeps one copy of a function template, and that might be one that this processor cannot run.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "model.hpp"

#if !defined(INSTRUCTION_SET) || !defined(VECTOR_FLOATS) || !defined(VECTORS) || \
  !defined(REGISTERS)
#error "define INSTRUCTION_SET, VECTOR_FLOATS, VECTORS and REGISTERS before including this"
#endif

#define INLINE inline __attribute__((always_inline))
#define VECTOR __attribute__((vector_size(4 * VECTOR_FLOATS), may_alias))

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// Elements of a vector register.
constexpr int WIDTH = VECTOR_FLOATS;
// Registers for one value of each ray in a packet.
constexpr int PARTS = VECTORS;
// Rays in a packet.
constexpr int LANES = WIDTH * PARTS;

typedef float Floats VECTOR;
typedef float UnalignedFloats
  __attribute__((vector_size(4 * VECTOR_FLOATS), may_alias, aligned(4)));
typedef std::int32_t Ints VECTOR;
typedef std::uint32_t Words VECTOR;
// Two floats at a time, wherever floats may be.
typedef double Pair __attribute__((may_alias, aligned(4)));
typedef double Pairs VECTOR;

INLINE Floats splat(float value) {return value - Floats{};}
INLINE Ints splat(std::int32_t value) {return value - Ints{};}
INLINE Floats larger(Floats a, Floats b) {return a > b ? a : b;}
INLINE Floats smaller(Floats a, Floats b) {return a < b ? a : b;}

// The same bits as another type of vector.
template<typename To, typename From>
INLINE To bits(From value)
{
  static_assert(sizeof(To) == sizeof(From), "a reinterpretation");
  return reinterpret_cast<To>(value);
}

INLINE Floats magnitude(Floats value) {return bits<Floats>(bits<Ints>(value) & 0x7fffffff);}

// Whether any element of a comparison's result is true (-1).
INLINE bool any(Ints truths)
{
  std::int32_t result = 0;
  for (int i = 0; i < WIDTH; ++i) {
    result |= truths[i];
  }
  return result != 0;
}

// e to the power of x, within 2 units in the last place; the bounds keep it finite and normal.
// Reduction and polynomial are those of Cephes' expf (netlib.org/cephes).
INLINE Floats exponential(Floats x)
{
  x = smaller(larger(x, splat(-87.0f)), splat(88.0f));
  const float rounding = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Floats n = (x * 1.44269504f + rounding) - rounding;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const Floats mantissa = p * (r * r) + (r + 1.0f);
  const Ints exponent = (__builtin_convertvector(n, Ints) + 127) << 23;
  return mantissa * bits<Floats>(exponent);
}

INLINE Floats sigmoid(Floats x) {return 1.0f / (1.0f + exponential(-x));}

using Elements = std::make_integer_sequence<int, WIDTH>;

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, Ints{__VA_ARGS__})
#endif

// One value for each ray of a packet.
struct Lanes
{
  Floats part[PARTS];
  INLINE float & operator[](int lane) {return reinterpret_cast<float *>(part)[lane];}
  INLINE float operator[](int lane) const {return reinterpret_cast<const float *>(part)[lane];}
};

INLINE Lanes all(float value)
{
  Lanes lanes;
  for (int p = 0; p < PARTS; ++p) {
    lanes.part[p] = splat(value);
  }
  return lanes;
}

// Whether every lane is below a bound.
INLINE bool all_below(const Lanes & value, float bound)
{
  Ints above{};
  for (int p = 0; p < PARTS; ++p) {
    above |= value.part[p] >= bound;
  }
  return !any(above);
}

// Each element's own choice from an array of lanes.
INLINE Floats pick(const Lanes * values, int part, Ints index)
{
  const float * first = reinterpret_cast<const float *>(values) + part * WIDTH;
  Floats result;
  for (int i = 0; i < WIDTH; ++i) {
    result[i] = first[index[i] * LANES + i];
  }
  return result;
}

// Memory for a number of values, aligned for vectors; its contents are undefined.
template<typename T>
class Buffer
{
public:
  explicit Buffer(std::size_t count)
  : values_(static_cast<T *>(::operator new(count * sizeof(T), std::align_val_t{ALIGNMENT}))) {}
  ~Buffer() {::operator delete(values_, std::align_val_t{ALIGNMENT});}
  Buffer(const Buffer &) = delete;
  Buffer & operator=(const Buffer &) = delete;

  INLINE T * data() {return values_;}
  INLINE T & operator[](std::ptrdiff_t index) {return values_[index];}
  INLINE void swap(Buffer & other)
  {
    T * const values = values_;
    values_ = other.values_;
    other.values_ = values;
  }

private:
  T * values_;
};

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
