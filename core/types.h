/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The few types and functions that core/ needs from the world it is compiled into: the kernel's
 * own there, the compiler's freestanding headers and mem*() elsewhere.
 */
#ifndef VPIO_CORE_TYPES_H
#define VPIO_CORE_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/string.h>
#include <linux/stddef.h>
#include <linux/compiler.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
#define noinline	      __attribute__((__noinline__))
#define __annotate_jump_table /* for the kernel's objtool */
#define READ_ONCE(x)	      __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)      __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a compiled model is little-endian and read in place: VPIO needs a little-endian host"
#endif

#endif /* VPIO_CORE_TYPES_H */
