// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 3: the pinned bytes of a superblock. Only superblock.cc, fields.cc and tests look at them.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "format/endian.h"
#include "format/superblock.h"

namespace nearline::format {

/// A byte that no text has, the name, then what text-mode transfers, DOS `type` and C strings damage or stop at.
inline constexpr std::array<std::uint8_t, 16> kMagic = {0x89, 'N', 'E', 'A',  'R',  ' ',  'I',  'N',
                                                        'D',  'E', 'X', '\r', '\n', 0x1A, '\n', 0x00};
inline constexpr std::uint32_t kEndianMark = 0x0102'0304;
inline constexpr float kFloatMark = -118.625F;  // 0xC2ED4000: each byte tells its place

struct SuperblockBytes {
  std::array<std::uint8_t, 16> magic;          //    0
  le32 endian_mark;                            //   16
  lef32 float_mark;                            //   20
  le32 block_bytes;                            //   24
  le16 major;                                  //   28
  le16 minor;                                  //   30
  le64 compat;                                 //   32
  le64 ro_compat;                              //   40
  le64 incompat;                               //   48
  le32 slot;                                   //   56
  std::array<std::uint8_t, 4> reserved_0;      //   60
  FileId file_id;                              //   64
  le64 generation;                             //   80
  le64 committed_bytes;                        //   88
  le64 manifest_offset;                        //   96
  le64 manifest_bytes;                         //  104
  std::array<std::uint8_t, 16> manifest_hash;  //  112
  BootId boot;                                 //  128
  std::array<std::uint8_t, 3936> reserved_1;   //  144
  std::array<std::uint8_t, 16> hash;           // 4080  XXH3-128 of the bytes before it
};
static_assert(sizeof(SuperblockBytes) == kBlockBytes && alignof(SuperblockBytes) == 1);
static_assert(offsetof(SuperblockBytes, file_id) == 64 && offsetof(SuperblockBytes, reserved_1) == 144);
static_assert(offsetof(SuperblockBytes, hash) == 4080);
static_assert(std::has_unique_object_representations_v<SuperblockBytes>);

}  // namespace nearline::format
