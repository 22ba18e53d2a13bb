// The header that a plugin includes, by its short name.
#pragma once

#include <seplflow/seplflow.hpp>
