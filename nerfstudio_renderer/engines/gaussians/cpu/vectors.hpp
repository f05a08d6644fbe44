// SPDX-License-Identifier: Apache-2.0
// Vectors of one instruction set, and the masks that comparisons of them give.
//
// The headers of the kernels are compiled once for each instruction set, in a namespace of its own.
// They use no function of the standard library that is not built into the compiler: the linker
// keeps one copy of a function template, and that might be one that this processor cannot run.

#pragma once

#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if !defined(INSTRUCTION_SET) || !defined(VECTOR_FLOATS)
#error "define INSTRUCTION_SET and VECTOR_FLOATS before including this"
#endif

#define INLINE inline __attribute__((always_inline))
#define VECTOR(type, count) type __attribute__((vector_size(sizeof(type) * (count)), may_alias))

namespace gaussians
{
namespace INSTRUCTION_SET
{

// Elements of a vector register.
constexpr int WIDTH = VECTOR_FLOATS;

typedef VECTOR(float, VECTOR_FLOATS) Floats;
typedef VECTOR(std::int32_t, VECTOR_FLOATS) Ints;
#if !defined(__x86_64__)
typedef VECTOR(std::int16_t, VECTOR_FLOATS) Shorts;
#endif

INLINE Floats splat(float value) {return value - Floats{};}
INLINE Ints splat(std::int32_t value) {return value - Ints{};}
INLINE Floats load(const float * values) {return *reinterpret_cast<const Floats *>(values);}
INLINE void store(float * to, Floats values) {*reinterpret_cast<Floats *>(to) = values;}

// The same bits as another type of vector.
template<typename To, typename From>
INLINE To bits(From value)
{
  static_assert(sizeof(To) == sizeof(From), "a reinterpretation");
  return reinterpret_cast<To>(value);
}

INLINE Floats to_floats(Ints values) {return __builtin_convertvector(values, Floats);}
// Towards zero; what does not fit gives any value.
INLINE Ints to_ints(Floats values) {return __builtin_convertvector(values, Ints);}

// Spelled out for x86, where GCC makes two halves of it.
INLINE Floats load_shorts(const std::int16_t * values)
{
#if VECTOR_FLOATS == 16
  const __m256i shorts = _mm256_load_si256(reinterpret_cast<const __m256i *>(values));
  return to_floats(bits<Ints>(_mm512_cvtepi16_epi32(shorts)));
#elif VECTOR_FLOATS == 8
  const __m128i shorts = _mm_load_si128(reinterpret_cast<const __m128i *>(values));
  return to_floats(bits<Ints>(_mm256_cvtepi16_epi32(shorts)));
#elif defined(__x86_64__)
  const __m128i shorts = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(values));
  return to_floats(bits<Ints>(_mm_srai_epi32(_mm_unpacklo_epi16(shorts, shorts), 16)));
#else
  return to_floats(__builtin_convertvector(*reinterpret_cast<const Shorts *>(values), Ints));
#endif
}

// 0, 1, 2, ...
template<int... I>
INLINE Ints counting(std::integer_sequence<int, I...>) {return Ints{I ...};}
using Elements = std::make_integer_sequence<int, WIDTH>;
INLINE Ints counting() {return counting(Elements{});}

// A mask has one truth for each element. NaN compares false.
#if VECTOR_FLOATS == 16

typedef __mmask16 Mask;
INLINE Mask at_most(Floats a, Floats b) {return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);}
INLINE Mask below(Floats a, Floats b) {return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);}
INLINE Mask both(Mask a, Mask b) {return a & b;}
INLINE Mask without(Mask a, Mask b) {return a & ~b;}
INLINE unsigned truths(Mask mask) {return mask;}
INLINE Floats where(Mask mask, Floats yes, Floats no) {return _mm512_mask_mov_ps(no, mask, yes);}
INLINE Floats only(Mask mask, Floats value) {return _mm512_maskz_mov_ps(mask, value);}
INLINE Ints only(Mask mask, Ints value)
{
  return bits<Ints>(_mm512_maskz_mov_epi32(mask, bits<__m512i>(value)));
}
// The second where either is NaN.
INLINE Floats larger(Floats a, Floats b) {return _mm512_max_ps(a, b);}
INLINE Floats smaller(Floats a, Floats b) {return _mm512_min_ps(a, b);}
INLINE Floats root(Floats value) {return _mm512_sqrt_ps(value);}
INLINE Floats round_down(Floats value) {return _mm512_roundscale_ps(value, 0x09);}
INLINE Floats round_up(Floats value) {return _mm512_roundscale_ps(value, 0x0a);}

#else

typedef Ints Mask;
INLINE Mask at_most(Floats a, Floats b) {return a <= b;}
INLINE Mask below(Floats a, Floats b) {return a < b;}
INLINE Mask both(Mask a, Mask b) {return a & b;}
INLINE Mask without(Mask a, Mask b) {return a & ~b;}
INLINE Floats where(Mask mask, Floats yes, Floats no) {return mask ? yes : no;}
INLINE Floats only(Mask mask, Floats value) {return bits<Floats>(mask & bits<Ints>(value));}
INLINE Ints only(Mask mask, Ints value) {return mask & value;}

// For processors without an instruction for it.
INLINE Floats round_down_by_integers(Floats value)
{
  const Floats near = to_floats(to_ints(value));
  const Floats rounded = near - only(value < near, splat(1.0f));
  // Larger ones are whole, and may not fit into an integer.
  const Floats magnitude = bits<Floats>(bits<Ints>(value) & 0x7fffffff);
  return where(magnitude < 8388608.0f, rounded, value);
}

#if VECTOR_FLOATS == 8
INLINE unsigned truths(Mask mask) {return _mm256_movemask_ps(bits<__m256>(mask));}
INLINE Floats larger(Floats a, Floats b) {return _mm256_max_ps(a, b);}
INLINE Floats smaller(Floats a, Floats b) {return _mm256_min_ps(a, b);}
INLINE Floats root(Floats value) {return _mm256_sqrt_ps(value);}
INLINE Floats round_down(Floats value) {return _mm256_floor_ps(value);}
INLINE Floats round_up(Floats value) {return _mm256_ceil_ps(value);}
#elif defined(__x86_64__)
INLINE unsigned truths(Mask mask) {return _mm_movemask_ps(bits<__m128>(mask));}
INLINE Floats larger(Floats a, Floats b) {return _mm_max_ps(a, b);}
INLINE Floats smaller(Floats a, Floats b) {return _mm_min_ps(a, b);}
INLINE Floats root(Floats value) {return _mm_sqrt_ps(value);}
INLINE Floats round_down(Floats value) {return round_down_by_integers(value);}
INLINE Floats round_up(Floats value) {return -round_down(-value);}
#else
INLINE unsigned truths(Mask mask)
{
#if defined(__aarch64__)
  const uint32x4_t places = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(bits<uint32x4_t>(mask), places));
#else
  return (mask[0] & 1) | (mask[1] & 2) | (mask[2] & 4) | (mask[3] & 8);
#endif
}
INLINE Floats larger(Floats a, Floats b) {return a > b ? a : b;}
INLINE Floats smaller(Floats a, Floats b) {return a < b ? a : b;}
#if defined(__aarch64__)
INLINE Floats root(Floats value) {return bits<Floats>(vsqrtq_f32(bits<float32x4_t>(value)));}
INLINE Floats round_down(Floats value) {return bits<Floats>(vrndmq_f32(bits<float32x4_t>(value)));}
INLINE Floats round_up(Floats value) {return bits<Floats>(vrndpq_f32(bits<float32x4_t>(value)));}
#else
INLINE Floats root(Floats value)
{
  for (int i = 0; i < WIDTH; ++i) {
    value[i] = __builtin_sqrtf(value[i]);
  }
  return value;
}
INLINE Floats round_down(Floats value) {return round_down_by_integers(value);}
INLINE Floats round_up(Floats value) {return -round_down(-value);}
#endif
#endif

#endif

INLINE bool any(Mask mask) {return truths(mask) != 0;}
INLINE Floats bounded(Floats value, Floats low, Floats high)
{
  return larger(smaller(value, high), low);
}

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, Ints{__VA_ARGS__})
#endif

// Exchanges the off-diagonal blocks of DISTANCE x DISTANCE elements of two rows.
template<int DISTANCE, int... I>
INLINE void exchange(Floats & a, Floats & b, std::integer_sequence<int, I...>)
{
  const Floats first = SHUFFLE(a, b, ((I & DISTANCE) ? WIDTH + I - DISTANCE : I)...);
  b = SHUFFLE(a, b, ((I & DISTANCE) ? WIDTH + I : I + DISTANCE)...);
  a = first;
}

template<int DISTANCE, int ROWS>
INLINE void exchange_all(Floats (& rows)[ROWS])
{
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; ++i) {
    if (!(i & DISTANCE)) {
      exchange<DISTANCE>(rows[i], rows[i + DISTANCE], Elements{});
    }
  }
}

// Transposes square blocks of as many elements as the width, or as there are rows if these are
// fewer: element j of row i becomes element i of row j.
template<int ROWS>
INLINE void transpose(Floats (& rows)[ROWS])
{
  exchange_all<1>(rows);
  exchange_all<2>(rows);
  if constexpr (WIDTH >= 8 && ROWS >= 8) {
    exchange_all<4>(rows);
  }
  if constexpr (WIDTH >= 16 && ROWS >= 16) {
    exchange_all<8>(rows);
  }
}

// Two to the power of values above -126 and below 128, relative error 4e-6 or less.
//
// The argument is rounded to a multiple of a step; the power of the multiple comes from a table
// that fits a register (without such an instruction the step is 1), that of the rest from a
// polynomial. Outside of the bounds the result is any value.
INLINE Floats power_of_two(Floats exponent)
{
#if VECTOR_FLOATS == 16 || VECTOR_FLOATS == 8
  constexpr int PLACES = VECTOR_FLOATS == 16 ? 4 : 3;
  // Adding it leaves no place below the step: the last PLACES bits of the sum number the entry.
  const float rounding = 12582912.0f / VECTOR_FLOATS;
  const Floats sum = exponent + rounding;
  const Floats rest = exponent - (sum - rounding);
  const Ints number = bits<Ints>(sum);
#if VECTOR_FLOATS == 16
  // 2^(i / 16), without the i that the shift below brings into the upper places of the mantissa.
  const Ints table = {
    0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532, 0x3f75fed7, 0x3f75583f,
    0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c, 0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d};
  const Ints power =
    bits<Ints>(_mm512_permutexvar_epi32(bits<__m512i>(number), bits<__m512i>(table)));
  const Floats slope = rest * 0.24022807f + 0.69318783f;
#else
  const Ints table = {
    0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7, 0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7};
  const Ints power =
    bits<Ints>(_mm256_permutevar8x32_epi32(bits<__m256i>(table), bits<__m256i>(number)));
  const Floats slope = rest * 0.24023274f + 0.69330975f;
#endif
  const Floats scale = bits<Floats>(power + (number << (23 - PLACES)));
  return scale * (rest * slope) + scale;
#else
  const float rounding = 12582912.0f;
  const Floats sum = exponent + rounding;
  const Floats rest = exponent - (sum - rounding);
  Floats p = rest * 9.6003955e-3f + 5.5916894e-2f;
  p = p * rest + 2.4023718e-1f;
  p = p * rest + 6.9312199e-1f;
  p = p * rest + 1.0f;
  return bits<Floats>(bits<Ints>(p) + (bits<Ints>(sum) << 23));
#endif
}

// Logarithm to base 2 of positive normal values, absolute error 3e-7 or less near 1.
INLINE Floats logarithm(Floats value)
{
  // The mantissa is taken between sqrt(1/2) and sqrt(2), so that the series is about 1.
  const Ints shifted = bits<Ints>(value) - 0x3f3504f3;
  const Floats exponent = to_floats(shifted >> 23);
  const Floats mantissa = bits<Floats>((shifted & 0x007fffff) + 0x3f3504f3);
  // log(m) = 2 artanh((m - 1) / (m + 1))
  const Floats w = (mantissa - 1.0f) / (mantissa + 1.0f);
  const Floats square = w * w;
  Floats p = square * (2.0f / 9.0f) + 2.0f / 7.0f;
  p = p * square + 2.0f / 5.0f;
  p = p * square + 2.0f / 3.0f;
  p = p * square + 2.0f;
  return p * w * 1.44269504f + exponent;
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
