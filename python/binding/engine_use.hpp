// The threads of the engine within a Python process.
#pragma once

#include <csignal>

#include "pipeline/pipeline.hpp"

namespace seplflow::python {

// Values of a plugin are released by its code, and Python may hold them longer than the pipeline. So the
// plugin stays in the process.
void keep_loaded(StageDeclaration const& stage);
void keep_loaded(Pipeline const& pipeline);

// While it exists, the engine may be at work. When the last one ends, so do the threads that oneTBB
// keeps: a process without them can be forked, as the workers of a torch DataLoader are. Throws Error
// in a process that was forked while one existed, since the threads are missing there.
class EngineUse {
 public:
  EngineUse();
  ~EngineUse();
  EngineUse(EngineUse const&) = delete;
  EngineUse& operator=(EngineUse const&) = delete;
};

// While it exists, threads that this one starts take no signals: Python expects them in its own.
class WithoutSignals {
 public:
  WithoutSignals();
  ~WithoutSignals();
  WithoutSignals(WithoutSignals const&) = delete;
  WithoutSignals& operator=(WithoutSignals const&) = delete;

 private:
  sigset_t before_;
};

}  // namespace seplflow::python
