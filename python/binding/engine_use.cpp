#include "binding/engine_use.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <tbb/global_control.h>

#include <mutex>
#include <new>
#include <optional>

#include <seplflow/error.hpp>

namespace seplflow::python {
namespace {

struct EngineUses {
  std::mutex mutex;
  std::size_t count = 0;
  std::optional<tbb::task_scheduler_handle> scheduler;
  bool lost = false;  // the threads of the process that this one was forked from
};

// Never destroyed: threads of the engine may outlive static objects when Python exits.
EngineUses& uses() {
  static EngineUses& only = *[] {
    ::pthread_atfork([] { uses().mutex.lock(); }, [] { uses().mutex.unlock(); },
                     [] {
                       EngineUses& all = uses();
                       all.lost = all.lost || all.count > 0;
                       new (&all.mutex) std::mutex();
                     });
    return new EngineUses();
  }();
  return only;
}

}  // namespace

void keep_loaded(StageDeclaration const& stage) {
  if (stage.library.empty()) return;
  ::dlopen(stage.library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE);
}

void keep_loaded(Pipeline const& pipeline) {
  for (PipelineStage const& stage : pipeline.stages) keep_loaded(*stage.declaration);
}

EngineUse::EngineUse() {
  EngineUses& all = uses();
  std::scoped_lock const lock(all.mutex);
  if (all.lost) {
    throw Error(
        "this process was forked while a run or a stream was at work, so its threads are missing here; "
        "end it before the fork, or start processes with \"spawn\" (multiprocessing_context=\"spawn\" "
        "of a DataLoader)");
  }
  if (all.count++ == 0) all.scheduler.emplace(tbb::attach{});
}

EngineUse::~EngineUse() {
  EngineUses& all = uses();
  std::scoped_lock const lock(all.mutex);
  // In a fork, what is left of the scheduler cannot end.
  if (--all.count > 0 || all.lost) return;
  tbb::finalize(*all.scheduler, std::nothrow);
  all.scheduler.reset();
}

WithoutSignals::WithoutSignals() {
  sigset_t all;
  ::sigfillset(&all);
  for (int const fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
    ::sigdelset(&all, fault);
  }
  ::pthread_sigmask(SIG_BLOCK, &all, &before_);
}

WithoutSignals::~WithoutSignals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace seplflow::python
