#include "catalog/python/worker_pool.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>

namespace seplflow {
namespace {

// The least time that a worker has to run a file or to create a stage, which may load a network.
constexpr double kSecondsToCreate = 120;

double seconds_to_create(PythonUse const& use) {
  return std::max(kSecondsToCreate, use.timeout.value_or(0));
}

}  // namespace

// Workers that can stand in for each other: files in one folder import the same modules beside
// them.
std::string WorkerPool::group_of(PythonUse const& use) {
  return use.interpreter + '\n' + std::filesystem::path(use.file).parent_path().string();
}

// A worker that a thread waits for.
struct WorkerPool::Order {
  std::string const& interpreter;
  std::unique_ptr<PythonWorker> worker = nullptr;
  std::exception_ptr error = nullptr;
  bool done = false;
};

// The right to use one of the workers that a use may have at once.
class WorkerPool::Turn {
 public:
  Turn(WorkerPool& pool, PythonUse const& use) : pool_(pool), use_(use) {
    if (use_.at_once == 0) return;
    std::unique_lock lock(pool_.mutex_);
    pool_.changed_.wait(lock, [&] { return pool_.at_work_[use_.number] < use_.at_once; });
    ++pool_.at_work_[use_.number];
  }
  ~Turn() {
    if (use_.at_once == 0) return;
    std::scoped_lock const lock(pool_.mutex_);
    --pool_.at_work_[use_.number];
    pool_.changed_.notify_all();
  }
  Turn(Turn const&) = delete;
  Turn& operator=(Turn const&) = delete;

 private:
  WorkerPool& pool_;
  PythonUse const& use_;
};

WorkerPool::WorkerPool() = default;

WorkerPool::~WorkerPool() {
  idle_.clear();
  homes_.clear();
  {
    std::scoped_lock const lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (starter_.joinable()) starter_.join();
}

std::shared_ptr<PythonUse const> WorkerPool::add(PythonUse use) {
  std::string const key = PythonJson::array({use.interpreter, use.file, use.name, use.options,
                                             use.timeout.value_or(-1), use.at_once})
                              .dump(-1, ' ', true, PythonJson::error_handler_t::replace);
  std::scoped_lock const lock(mutex_);
  if (auto const known = uses_.find(key); known != uses_.end() && !use.remembers) {
    return known->second;
  }
  use.number = ++count_;
  auto added = std::make_shared<PythonUse const>(std::move(use));
  if (!added->remembers) uses_[key] = added;
  return added;
}

void WorkerPool::with_worker(PythonUse const& use, Call const& f) {
  Turn const turn(*this, use);
  std::unique_ptr<PythonWorker> worker = take(use);
  auto const give_back = [&] {
    if (!worker->is_alive()) return;
    std::scoped_lock const lock(mutex_);
    idle_[group_of(use)].push_back(std::move(worker));
  };
  try {
    prepare(*worker, use);
    f(*worker);
  } catch (...) {
    give_back();
    throw;
  }
  give_back();
}

void WorkerPool::with_home(PythonUse const& use, Call const& f) {
  Home* home = nullptr;
  {
    std::scoped_lock const lock(mutex_);
    auto& place = homes_[use.interpreter + '\n' + use.file + '\n' + use.name];
    if (!place) place = std::make_unique<Home>();
    home = place.get();
  }
  std::scoped_lock const lock(home->mutex);
  if (!home->worker || !home->worker->is_alive()) {
    home->worker = start(use.interpreter);
    ++home->count;
  }
  auto const began = home->began_with.find(use.number);
  if (began != home->began_with.end() && began->second != home->count) {
    throw Error("its Python process has ended, and with it what it knew of the samples before");
  }
  prepare(*home->worker, use);
  home->began_with[use.number] = home->count;
  f(*home->worker);
}

std::unique_ptr<PythonWorker> WorkerPool::take(PythonUse const& use) {
  {
    std::scoped_lock const lock(mutex_);
    auto& idle = idle_[group_of(use)];
    while (!idle.empty()) {
      std::unique_ptr<PythonWorker> worker = std::move(idle.back());
      idle.pop_back();
      if (worker->is_alive()) return worker;
    }
  }
  return start(use.interpreter);
}

std::unique_ptr<PythonWorker> WorkerPool::start(std::string const& interpreter) {
  Order order{interpreter};
  {
    std::unique_lock lock(mutex_);
    if (!starter_.joinable()) starter_ = std::thread([this] { start_workers(); });
    orders_.push_back(&order);
    changed_.notify_all();
    changed_.wait(lock, [&] { return order.done; });
  }
  if (order.error) std::rethrow_exception(order.error);
  order.worker->wait_until_ready(interpreter);
  return std::move(order.worker);
}

// The thread that starts all workers.
void WorkerPool::start_workers() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !orders_.empty(); });
    if (ends_) return;
    Order& order = *orders_.back();
    orders_.pop_back();
    lock.unlock();
    try {
      order.worker = std::make_unique<PythonWorker>(order.interpreter);
    } catch (...) {
      order.error = std::current_exception();
    }
    lock.lock();
    order.done = true;
    changed_.notify_all();
  }
}

void WorkerPool::prepare(PythonWorker& worker, PythonUse const& use) {
  if (!worker.files.contains(use.file)) {
    worker.call({{"do", "load"}, {"file", use.file}, {"text", *use.text}}, seconds_to_create(use));
    worker.files.insert(use.file);
  }
  if (worker.stages.contains(use.number)) return;
  worker.call({{"do", "make"},
               {"id", use.number},
               {"file", use.file},
               {"stage", use.name},
               {"declared", *use.declared},
               {"options", PythonJson::parse(use.options)}},
              seconds_to_create(use));
  worker.stages.insert(use.number);
}

}  // namespace seplflow
