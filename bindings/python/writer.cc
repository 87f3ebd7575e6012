// SPDX-License-Identifier: Apache-2.0
/// The one writer of an index, for nearline/_writer.py. Threads of Python may share it: their calls come one by one.
#include "nearline/writer.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "bindings/python/record_data.h"

namespace nearline::python {
namespace {

py::dict dict_of(const CommitReport& report) {
  py::dict all;
  all["generation"] = report.generation;
  all["count"] = report.count;
  all["segments"] = report.segments;
  all["merged_records"] = report.merged_records;
  all["file_bytes"] = report.file_bytes;
  all["free_bytes"] = report.free_bytes;
  all["durable"] = report.durable;
  all["merging"] = report.merging;
  return all;
}

class OpenWriter {
  /// A Writer takes one call at a time; who calls it from its own progress function would wait for ever.
  class Turn {
   public:
    explicit Turn(OpenWriter& writer) : writer_(writer) {
      if (writer.worker_.load() == std::this_thread::get_id())
        raise({Code::kInvalidArgument, "writer: expected no call from its own progress function"});
      const py::gil_scoped_release release;
      writer.mutex_.lock();
      writer.worker_ = std::this_thread::get_id();
    }
    ~Turn() {
      writer_.worker_ = std::thread::id();
      writer_.mutex_.unlock();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    OpenWriter& writer_;
  };

  [[nodiscard]] Writer& open() const {
    if (writer_ == nullptr) raise({Code::kInvalidArgument, "writer: expected an open one, found one that was closed"});
    return *writer_;
  }

  template <class Call>
  auto work(Call&& call) {
    Writer& writer = open();
    return watched(watch_, [&] { return call(writer); });
  }

 public:
  OpenWriter(const py::bytes& path, std::uint64_t memory, std::uint32_t delta_records, bool merge,
             bool background_merges, std::uint32_t threads, bool untrusted, double wait_seconds,
             const py::object& progress)
      : watch_(progress) {
    const auto file = path_of(path);
    const WriterOptions options{
        .memory_bytes = memory,
        .delta_records = delta_records,
        .merge = merge,
        .background_merges = background_merges,
        .threads = threads,
        .untrusted = untrusted,
        .progress = watch_.function(),
        .lock_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(wait_seconds * 1000))};
    writer_ = std::make_unique<Writer>(watched(watch_, [&] { return Writer::open(file, options); }));
  }

  ~OpenWriter() {
    PyThreadState* const state = PyEval_SaveThread();  // a merge beside commits is waited for
    writer_.reset();
    PyEval_RestoreThread(state);
  }
  OpenWriter(const OpenWriter&) = delete;
  OpenWriter& operator=(const OpenWriter&) = delete;

  void close() {
    const Turn turn(*this);
    const py::gil_scoped_release release;
    writer_.reset();
  }

  [[nodiscard]] bool closed() const noexcept { return writer_ == nullptr; }

  py::tuple insert(const py::array& rows, int type, std::uint32_t dim, const py::object& ids, const py::object& data) {
    const Turn turn(*this);
    const MatrixView all = matrix(rows, type, dim);
    const auto named = ids_of(ids);
    const RecordData said = record_data(data, all.rows);
    const InsertReport report = work([&](Writer& writer) { return writer.insert(all, named, said); });
    return py::make_tuple(report.inserted, report.first_id ? py::object(py::int_(*report.first_id)) : py::none());
  }

  void upsert(const py::array& rows, int type, std::uint32_t dim, const py::object& ids, const py::object& data) {
    const Turn turn(*this);
    const MatrixView all = matrix(rows, type, dim);
    const auto named = ids_of(ids);
    const RecordData said = record_data(data, all.rows);
    work([&](Writer& writer) { return writer.upsert(all, named, said); });
  }

  py::tuple erase(const py::object& ids) {
    const Turn turn(*this);
    const auto named = ids_of(ids);
    const EraseReport report = work([&](Writer& writer) { return writer.erase(named); });
    return py::make_tuple(report.erased, report.unknown);
  }

  void set_field(const std::string& field, const py::array& rows, int type, std::uint32_t dim, const py::object& ids) {
    const Turn turn(*this);
    const MatrixView all = matrix(rows, type, dim);
    const auto named = ids_of(ids);
    work([&](Writer& writer) { return writer.set_field(field, all, named); });
  }

  py::tuple erase_field(const std::string& field, const py::object& ids) {
    const Turn turn(*this);
    const auto named = ids_of(ids);
    const EraseReport report = work([&](Writer& writer) { return writer.erase_field(field, named); });
    return py::make_tuple(report.erased, report.unknown);
  }

  std::uint64_t erase_where(const std::string& filter) {
    const Turn turn(*this);
    return work([&](Writer& writer) { return writer.erase_where(filter); }).erased;
  }

  [[nodiscard]] bool dirty() {
    const Turn turn(*this);
    return open().dirty();
  }

  py::dict commit(bool durable) {
    const Turn turn(*this);
    const auto how = durable ? Durability::kDurable : Durability::kRelaxed;
    return dict_of(work([&](Writer& writer) { return writer.commit(how); }));
  }

  py::dict wait_for_merges() {
    const Turn turn(*this);
    return dict_of(work([](Writer& writer) { return writer.wait_for_merges(); }));
  }

  py::dict calibrate(const py::array& rows, int type, std::uint32_t dim, const std::string& field) {
    const Turn turn(*this);
    const MatrixView queries = matrix(rows, type, dim);
    return dict_of(work([&](Writer& writer) { return writer.calibrate(queries, field); }));
  }

  void abandon() {
    const Turn turn(*this);
    open().abandon();
  }

  py::dict compact() {
    const Turn turn(*this);
    return dict_of(work([](Writer& writer) { return writer.compact(); }));
  }

  std::uint64_t compact_to(const py::bytes& output, bool replace) {
    const Turn turn(*this);
    const auto file = path_of(output);
    return work([&](Writer& writer) { return writer.compact_to(file, replace); }).count;
  }

 private:
  Watch watch_;
  std::unique_ptr<Writer> writer_;
  std::mutex mutex_;
  std::atomic<std::thread::id> worker_{};
};

}  // namespace

void bind_writer(py::module_& module) {
  py::class_<OpenWriter>(module, "Writer")
      .def(py::init<const py::bytes&, std::uint64_t, std::uint32_t, bool, bool, std::uint32_t, bool, double,
                    const py::object&>())
      .def("close", &OpenWriter::close)
      .def_property_readonly("closed", &OpenWriter::closed)
      .def("insert", &OpenWriter::insert)
      .def("upsert", &OpenWriter::upsert)
      .def("erase", &OpenWriter::erase)
      .def("set_field", &OpenWriter::set_field)
      .def("erase_field", &OpenWriter::erase_field)
      .def("erase_where", &OpenWriter::erase_where)
      .def_property_readonly("dirty", &OpenWriter::dirty)
      .def("commit", &OpenWriter::commit)
      .def("wait_for_merges", &OpenWriter::wait_for_merges)
      .def("calibrate", &OpenWriter::calibrate)
      .def("abandon", &OpenWriter::abandon)
      .def("compact", &OpenWriter::compact)
      .def("compact_to", &OpenWriter::compact_to);
}

}  // namespace nearline::python
