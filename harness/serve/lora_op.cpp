// y[row] += scale · B (A x[row]) for rows that each have an adapter, in one call per module.
//
// lora_op.py compiles this file for the machine that it runs on and lays out what it reads:
//   module  int64: in, slices, the output width of each slice, then per slot and slice the
//           addresses of A and B and the rank; 0 where the adapter leaves the slice alone.
//           A is (ranks/16, in, 16) and B is (width/16, rank, 16), so that 16 sums are made side
//           by side. In bfloat16 two neighbours of the middle axis lie together, (…/2, 16, 2).
//           Rank and in are rounded up to 16 with zeros.
//   step    int64: blocks, then per block its slot, where its rows start in the list of rows, and
//           how many they are, at most 16; then that list.
// Sums are float32. In bfloat16, A x is rounded once, as B reads it, and y once. What a row gets
// does not depend on the rows beside it, nor on the threads.

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif
#if defined(__AMX_BF16__) && defined(__linux__)
#define WITH_AMX 1
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

constexpr int64_t ROWS = 16, COLUMNS = 16, PANELS = 8, SQUARE = ROWS * COLUMNS;
#if defined(__AVX512F__)
constexpr int64_t TOGETHER = 8;  // rows whose sums stay in registers
#else
constexpr int64_t TOGETHER = 4;
#endif

struct bf16 {
  uint16_t bits;
};
typedef float Sums __attribute__((vector_size(64)));
typedef uint32_t Bits __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));

template <class To, class From>
inline To as(const From &from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// 16 numbers from memory, and back, rounded to nearest
inline Sums wide(const float *from) {
  Sums found;
  std::memcpy(&found, from, sizeof found);
  return found;
}
inline void narrow(Sums values, float *to) { std::memcpy(to, &values, sizeof values); }
#if defined(__AVX512BF16__)
inline Sums wide(const bf16 *from) {
  const __m256i found = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
  return (Sums)_mm512_slli_epi32(_mm512_cvtepu16_epi32(found), 16);
}
inline void narrow(Sums values, bf16 *to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), (__m256i)_mm512_cvtneps_pbh((__m512)values));
}
#else
inline Sums wide(const bf16 *from) {
  Halves found;
  std::memcpy(&found, from, sizeof found);
  return as<Sums>(__builtin_convertvector(found, Bits) << 16);
}
inline void narrow(Sums values, bf16 *to) {
  const Bits bits = as<Bits>(values), even = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const Halves found = __builtin_convertvector(values == values ? even : Bits{} + 0x7fc0, Halves);
  std::memcpy(to, &found, sizeof found);
}
#endif
inline float one(bf16 value) { return as<float>(uint32_t(value.bits) << 16); }

bool amx = false;

// ------------------------------------------------------------------ out = x · panels
// x is (ROWS, depth), depth a multiple of 16; each of up to PANELS panels (depth, 16) and gives
// a square of out, (ROWS, 16)

inline void some(const float *x, int64_t depth, const float *panel, float *out) {
  Sums sums[TOGETHER] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const Sums weight = wide(panel + k * COLUMNS);
    for (int64_t row = 0; row < TOGETHER; ++row) sums[row] += x[row * depth + k] * weight;
  }
  std::memcpy(out, sums, sizeof sums);
}

inline void some(const bf16 *x, int64_t depth, const bf16 *panel, float *out) {
#if defined(__AVX512BF16__)
  __m512 sums[TOGETHER];
  for (int64_t row = 0; row < TOGETHER; ++row) sums[row] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k += 2) {
    const __m512bh weight = (__m512bh)_mm512_loadu_si512(panel + k * COLUMNS);
    for (int64_t row = 0; row < TOGETHER; ++row) {
      int32_t pair;
      std::memcpy(&pair, x + row * depth + k, 4);
      sums[row] = _mm512_dpbf16_ps(sums[row], (__m512bh)_mm512_set1_epi32(pair), weight);
    }
  }
  for (int64_t row = 0; row < TOGETHER; ++row) _mm512_storeu_ps(out + row * COLUMNS, sums[row]);
#else
  Sums sums[TOGETHER] = {};
  for (int64_t k = 0; k < depth; k += 2) {
    Bits pairs;
    std::memcpy(&pairs, panel + k * COLUMNS, sizeof pairs);
    const Sums first = as<Sums>(pairs << 16), second = as<Sums>(pairs & 0xffff0000u);
    for (int64_t row = 0; row < TOGETHER; ++row) {
      sums[row] += one(x[row * depth + k]) * first;
      sums[row] += one(x[row * depth + k + 1]) * second;
    }
  }
  std::memcpy(out, sums, sizeof sums);
#endif
}

#if defined(WITH_AMX)
struct alignas(64) Tiles {
  uint8_t palette = 0, start = 0, reserved[14] = {};
  uint16_t bytes[16] = {};
  uint8_t rows[16] = {};
};

// Tiles of this thread while products are made; what others had configured comes back after.
class Configured {
 public:
  explicit Configured(bool on) : on_(on) {
    if (!on_) return;
    _tile_storeconfig(&before_);
    Tiles own;
    own.palette = 1;
    for (int tile = 0; tile < 8; ++tile) own.bytes[tile] = 64, own.rows[tile] = 16;
    own.bytes[6] = 32;  // 6 and 7 are 4 and 5, half as deep
    own.rows[7] = 8;
    _tile_loadconfig(&own);
  }
  ~Configured() {
    if (!on_) return;
    if (before_.palette)
      _tile_loadconfig(&before_);
    else
      _tile_release();
  }

 private:
  bool on_;
  Tiles before_;
};

// the first four panels, or as many as there are
#define MULTIPLY(SUM, X, WEIGHT)                                     \
  if (SUM < panels) {                                                \
    _tile_loadd(WEIGHT, panel + SUM * next + k * COLUMNS, 64);       \
    _tile_dpbf16ps(SUM, X, WEIGHT);                                  \
  }
#define STORE(SUM) \
  if (SUM < panels) _tile_stored(SUM, out + SUM * SQUARE, 64)

inline void by_tiles(const bf16 *x, int64_t depth, const bf16 *panel, int64_t panels, float *out) {
  const int64_t next = depth * COLUMNS;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  int64_t k = 0;
  for (; k + 32 <= depth; k += 32) {
    _tile_loadd(4, x + k, depth * 2);
    MULTIPLY(0, 4, 5)
    MULTIPLY(1, 4, 5)
    MULTIPLY(2, 4, 5)
    MULTIPLY(3, 4, 5)
  }
  if (k < depth) {
    _tile_loadd(6, x + k, depth * 2);
    MULTIPLY(0, 6, 7)
    MULTIPLY(1, 6, 7)
    MULTIPLY(2, 6, 7)
    MULTIPLY(3, 6, 7)
  }
  STORE(0);
  STORE(1);
  STORE(2);
  STORE(3);
}
#else
struct Configured {
  explicit Configured(bool) {}
};
#endif

template <class T>
inline void product(const T *x, int64_t depth, const T *panel, int64_t panels, int64_t count,
                    float *out) {
#if defined(WITH_AMX)
  if constexpr (sizeof(T) == 2) {
    if (amx) {
      for (int64_t one = 0; one < panels; one += 4)
        by_tiles(x, depth, panel + one * depth * COLUMNS, panels - one, out + one * SQUARE);
      return;
    }
  }
#endif
  for (int64_t one = 0; one < panels; ++one, panel += depth * COLUMNS, out += SQUARE)
    for (int64_t row = 0; row < count; row += TOGETHER)
      some(x + row * depth, depth, panel, out + row * COLUMNS);
}

// ------------------------------------------------------------------ one block of rows

template <class T>
struct Rows {
  T *x, *low;  // (ROWS, depth) and (ROWS, rank), of this thread
};

template <class T>
Rows<T> scratch(int64_t depth, int64_t rank) {
  static thread_local std::vector<T> memory;
  const size_t needed = size_t(ROWS * (depth + rank)) + 64;
  if (memory.size() < needed) memory.assign(needed, T{});
  const uintptr_t start = (reinterpret_cast<uintptr_t>(memory.data()) + 63) & ~uintptr_t(63);
  T *x = reinterpret_cast<T *>(start);
  return {x, x + ROWS * depth};
}


// y += more, of 16 columns or the last few
template <class T>
inline void raise(Sums more, T *y, int64_t columns) {
  if (columns == COLUMNS) return narrow(wide(y) + more, y);
  T edge[COLUMNS] = {};
  std::memcpy(static_cast<void *>(edge), y, columns * sizeof(T));
  narrow(wide(edge) + more, edge);
  std::memcpy(static_cast<void *>(y), edge, columns * sizeof(T));
}

template <class T>
void add_block(const int64_t *module, const int64_t *block, const int64_t *list, int64_t part,
               int64_t parts, const T *x, int64_t x_step, T *y, int64_t y_step, float scale) {
  const int64_t in = module[0], slices = module[1], *widths = module + 2;
  const int64_t *cells = widths + slices + block[0] * slices * 3;
  const int64_t *rows = list + block[1], count = block[2], depth = (in + 15) / 16 * 16;
  int64_t highest = 0;
  for (int64_t slice = 0; slice < slices; ++slice)
    highest = std::max(highest, cells[slice * 3 + 2]);
  if (!highest) return;
  const Rows<T> own = scratch<T>(depth, highest);
  for (int64_t row = 0; row < count; ++row) {
    std::memcpy(own.x + row * depth, x + rows[row] * x_step, in * sizeof(T));
    std::memset(static_cast<void *>(own.x + row * depth + in), 0, (depth - in) * sizeof(T));
  }
  alignas(64) float sums[PANELS * SQUARE];
  for (int64_t slice = 0, start = 0; slice < slices; start += widths[slice++]) {
    const T *a = reinterpret_cast<const T *>(cells[slice * 3]);
    const T *b = reinterpret_cast<const T *>(cells[slice * 3 + 1]);
    const int64_t rank = cells[slice * 3 + 2], width = widths[slice];
    const int64_t panels = (width + COLUMNS - 1) / COLUMNS;
    const int64_t from = panels * part / parts, to = panels * (part + 1) / parts;
    if (!rank || from == to) continue;
    for (int64_t panel = 0; panel < rank / COLUMNS; panel += PANELS) {
      const int64_t some = std::min(PANELS, rank / COLUMNS - panel);
      product(own.x, depth, a + panel * depth * COLUMNS, some, count, sums);
      for (int64_t row = 0; row < count; ++row)
        for (int64_t one = 0; one < some; ++one)
          narrow(wide(sums + one * SQUARE + row * COLUMNS),
                 own.low + row * rank + (panel + one) * COLUMNS);
    }
    for (int64_t panel = from; panel < to; panel += PANELS) {
      const int64_t some = std::min(PANELS, to - panel);
      product(own.low, rank, b + panel * rank * COLUMNS, some, count, sums);
      for (int64_t row = 0; row < count; ++row)
        for (int64_t one = 0; one < some; ++one) {
          const int64_t first = (panel + one) * COLUMNS;
          raise(wide(sums + one * SQUARE + row * COLUMNS) * scale,
                y + rows[row] * y_step + start + first, std::min(COLUMNS, width - first));
        }
    }
  }
}

template <class T>
void add(const int64_t *module, const int64_t *step, const T *x, int64_t x_step, T *y,
         int64_t y_step, float scale) {
  const int64_t blocks = step[0], *list = step + 1 + 3 * blocks;
  // with fewer blocks than threads, several share one: each makes A x, and its columns of y
  const int64_t parts = std::max<int64_t>(1, omp_get_max_threads() / blocks);
#pragma omp parallel if (blocks * parts > 1)
  {
    const Configured tiles(amx && sizeof(T) == 2);
#pragma omp for schedule(static) nowait
    for (int64_t task = 0; task < blocks * parts; ++task)
      add_block(module, step + 1 + 3 * (task / parts), list, task % parts, parts, x, x_step, y,
                y_step, scale);
  }
}

}  // namespace

extern "C" {

// Ask the system for tiles; whether there are any.
int lora_tiles() {
#if defined(WITH_AMX)
  amx = syscall(SYS_arch_prctl, 0x1023, 18) == 0;  // ARCH_REQ_XCOMP_PERM, tile data
#endif
  return amx;
}

void lora_add_float32(const int64_t *module, const int64_t *step, const float *x, int64_t x_step,
                      float *y, int64_t y_step, float scale) {
  add(module, step, x, x_step, y, y_step, scale);
}

void lora_add_bfloat16(const int64_t *module, const int64_t *step, const bf16 *x, int64_t x_step,
                       bf16 *y, int64_t y_step, float scale) {
  add(module, step, x, x_step, y, y_step, scale);
}
}
