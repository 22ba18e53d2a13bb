// How a finished sample is written down: for people, and for later runs.
#pragma once

#include <string>

#include "engine/engine.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/sample_memory.hpp"

namespace seplflow {

// Its line in ledger.jsonl, without the end.
std::string ledger_line(Pipeline const& pipeline, Retired const& retired);

// What later runs need to know about it.
SampleMemory memory_of(Pipeline const& pipeline, ContentKeys const& keys, Retired const& retired);

}  // namespace seplflow
