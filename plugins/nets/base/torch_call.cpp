#include "nets/base/torch_call.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <string_view>

#include "nets/base/library.hpp"

namespace seplflow::nets {
namespace {

// A function of OpenBLAS; null with another BLAS.
template <class Function>
Function* openblas(char const* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

bool set_openblas_threads(int threads) {
  static auto* const set_threads = openblas<void(int)>("openblas_set_num_threads");
  if (set_threads != nullptr) set_threads(threads);
  return set_threads != nullptr;
}

bool has_threads_or_locks() {
  auto* const parallel = openblas<int()>("openblas_get_parallel");
  auto* const config = openblas<char*()>("openblas_get_config");
  if (parallel == nullptr || config == nullptr) return true;  // another BLAS, without state
  return parallel() != 0 ||
         std::string_view(config()).find("USE_LOCKING") != std::string_view::npos;
}

}  // namespace

std::filesystem::path library_file() {
  Dl_info here{};
  ::dladdr(reinterpret_cast<void const*>(&use_one_thread), &here);
  return here.dli_fname;
}

void use_one_thread() {
  at::set_num_threads(1);  // OpenMP keeps this setting for each calling thread
  [[maybe_unused]] static bool const limited = set_openblas_threads(1);
}

void use_threads(int threads) {
  at::set_num_threads(threads);
  set_openblas_threads(threads);
}

bool is_blas_thread_safe() {
  static bool const safe = has_threads_or_locks();
  return safe;
}

}  // namespace seplflow::nets
