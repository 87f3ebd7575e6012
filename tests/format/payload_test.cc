// SPDX-License-Identifier: Apache-2.0
#include "format/payload.h"

#include <doctest/doctest.h>

#include <functional>

#include "format/manifest_layout.h"
#include "format/packed_block.h"
#include "tests/support/tiny_columns.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 40'960;

/// All payloads of a section, by the reader's rules.
Result<std::vector<std::string>> read(std::span<const std::byte> bytes, std::uint64_t rows) {
  NEARLINE_TRY(frames, decode_payload_header(bytes, bytes.size(), rows, kAt));
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < frames; ++i) {
    const auto place = sizeof(PayloadHeader) + i * sizeof(FrameRow);
    const auto row = row_at<FrameRow>(bytes, place);
    const bool last = i + 1 == frames;
    const auto next = last ? FrameRow{} : row_at<FrameRow>(bytes, place + sizeof(FrameRow));
    NEARLINE_TRY(frame, decode_frame(row, last ? nullptr : &next, rows, bytes.size(), kAt));
    NEARLINE_TRY(opened, open_frame(frame, bytes.subspan(frame.offset, frame.bytes), kAt));
    for (std::uint32_t r = frame.first_row; r < frame.first_row + frame.rows; ++r) {
      NEARLINE_TRY(payload, payload_of(frame, opened, r, kAt));
      out.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
    }
  }
  return out;
}

std::vector<std::string> joined(const std::vector<std::vector<std::string>>& frames) {
  std::vector<std::string> all;
  for (const auto& payloads : frames) all.insert(all.end(), payloads.begin(), payloads.end());
  return all;
}

/// A frame of two rows that holds these bytes, and what it opens to.
struct OneFrame {
  Frame frame{.first_row = 5, .rows = 2};
  std::vector<std::byte> opened;

  explicit OneFrame(std::uint32_t first_end, std::uint32_t second_end) : opened(8 + 4) {
    std::memcpy(opened.data(), &first_end, 4);
    std::memcpy(opened.data() + 4, &second_end, 4);
    frame.opened_bytes = static_cast<std::uint32_t>(opened.size());
  }
  [[nodiscard]] std::size_t size_of(std::uint32_t row) const {
    const auto got = payload_of(frame, opened, row, kAt);
    return got ? got->size() : ~std::size_t{0};
  }
};

}  // namespace

TEST_SUITE("format/payload") {
  TEST_CASE("payloads say what was written") {
    for (const std::uint32_t rows : {9U, 130U, 4100U}) {
      const auto frames = testing::tiny_payloads(rows);
      const auto got = read(testing::payload_bytes(frames), rows);
      REQUIRE_MESSAGE(got, (got ? "" : got.error().message()));
      CHECK((*got == joined(frames)));
    }
  }

  TEST_CASE("a section cut at any length is refused") {
    const auto bytes = testing::payload_bytes(testing::tiny_payloads(9));
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(read(std::span(bytes).first(size), 9));
  }

  TEST_CASE("a header that does not fit is refused") {
    const auto good = testing::payload_bytes(testing::tiny_payloads(9));
    const auto with = [&](const std::function<void(PayloadHeader&)>& change) {
      auto header = row_at<PayloadHeader>(good, 0);
      change(header);
      return decode_payload_header(std::as_bytes(std::span(&header, 1)), good.size(), 9, kAt);
    };
    CHECK(with([](auto&) {}).value() == 3);
    CHECK_FALSE(with([](auto& h) { h.rows = 10; }));
    CHECK_FALSE(with([](auto& h) { h.frames = 0; }));
    CHECK_FALSE(with([](auto& h) { h.frames = ~0U; }));
    CHECK_FALSE(with([](auto& h) { h.reserved[3] = 1; }));
    CHECK(with([](auto& h) { h.frames = ~0U; }).error().at == kAt);
  }

  TEST_CASE("a frame that does not fit is refused") {
    FrameRow good{};
    good.offset = 100, good.first_row = 4, good.bytes = 50, good.opened_bytes = 40;
    FrameRow next{};
    next.first_row = 7;
    const auto with = [&](const std::function<void(FrameRow&)>& change, std::uint64_t rows = 9) {
      FrameRow row = good;
      change(row);
      return decode_frame(row, &next, rows, 150, kAt);
    };
    const auto got = with([](auto&) {});
    REQUIRE(got);
    CHECK(got->rows == 3);
    CHECK(decode_frame(good, nullptr, 9, 150, kAt).value().rows == 5);
    CHECK_FALSE(with([](auto& r) { r.first_row = 7; }));  // no rows
    CHECK_FALSE(with([](auto& r) { r.first_row = 8; }));
    CHECK_FALSE(with([](auto&) {}, 6));  // the next one begins behind the last row
    CHECK_FALSE(with([](auto& r) { r.offset = 101; }));
    CHECK_FALSE(with([](auto& r) { r.offset = ~std::uint64_t{0}; }));
    CHECK_FALSE(with([](auto& r) { r.bytes = 51; }));
    CHECK_FALSE(with([](auto& r) { r.opened_bytes = 11; }));  // no room for ends
    CHECK_FALSE(with([](auto& r) { r.opened_bytes = ~0U; }));
    CHECK_FALSE(with([](auto& r) { r.reserved[0] = 1; }));
    good.first_row = 0, good.opened_bytes = 4 * (kFrameRows + 1);
    next.first_row = kFrameRows;
    CHECK(with([](auto&) {}, 9000));
    next.first_row = kFrameRows + 1;
    CHECK_FALSE(with([](auto&) {}, 9000));
  }

  TEST_CASE("more bytes than a frame can need are refused before they are read") {
    FrameRow row{};
    row.opened_bytes = 12, row.bytes = static_cast<std::uint32_t>(most_closed_bytes(12));
    CHECK(decode_frame(row, nullptr, 3, 1U << 30, kAt));
    row.bytes = row.bytes + 1;
    CHECK_FALSE(decode_frame(row, nullptr, 3, 1U << 30, kAt));
  }

  TEST_CASE("what does not compress fits a frame all the same") {
    std::uint64_t state = 1;
    for (const std::size_t size : {1U, 100U, 20'000U, 200'000U}) {
      std::vector<std::byte> noise(size);
      for (std::byte& b : noise) b = static_cast<std::byte>((state = state * 6364136223846793005 + 1) >> 56);
      CHECK(compress_block(noise).size() <= most_closed_bytes(size));
    }
  }

  TEST_CASE("a frame that opens to another size, or not at all, is refused") {
    const std::vector<std::byte> content(64, std::byte{'x'});
    const auto closed = compress_block(content);
    Frame frame{.rows = 2, .opened_bytes = 64};
    CHECK(open_frame(frame, closed, kAt).value() == content);
    for (const std::uint32_t other : {8U, 63U, 65U}) {
      frame.opened_bytes = other;
      CHECK_FALSE(open_frame(frame, closed, kAt));
    }
    frame.opened_bytes = 64;
    for (std::size_t size = 0; size < closed.size(); ++size) {
      CHECK_FALSE(open_frame(frame, std::span(closed).first(size), kAt));
    }
    CHECK(open_frame(frame, {}, kAt).error().at == kAt);
  }

  TEST_CASE("ends that fall or lead beyond the frame are refused") {
    CHECK(OneFrame(1, 4).size_of(5) == 1);
    CHECK(OneFrame(1, 4).size_of(6) == 3);
    CHECK(OneFrame(0, 0).size_of(6) == 0);
    CHECK(OneFrame(5, 4).size_of(5) == ~std::size_t{0});
    CHECK(OneFrame(3, 2).size_of(6) == ~std::size_t{0});
    CHECK(OneFrame(0, 5).size_of(6) == ~std::size_t{0});
    CHECK(OneFrame(~0U, ~0U).size_of(5) == ~std::size_t{0});
  }

  TEST_CASE("each bit changed gives an error or payloads, and nothing out of bounds") {
    const auto good = testing::payload_bytes(testing::tiny_payloads(9));
    std::size_t refused = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        auto bytes = good;
        bytes[at] ^= static_cast<std::byte>(1U << bit);
        refused += read(bytes, 9) ? 0 : 1;
      }
    }
    CHECK(refused > good.size());
  }
}

}  // namespace nearline::format
