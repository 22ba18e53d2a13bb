// The methods whose CAMs and pseudo-labels are read, by the names that pipelines use.
#pragma once

#include <seplflow.hpp>
#include <string>
#include <vector>

namespace seplflow {

enum class CamMethod {
  irn,
  clims,
  rib,
  psa,
  seam,
  transcam,
  ppc,
  eps,
  sipe,
  puzzlecam,
  puzzlecam_rw,
  recurseed,
  clipes,
  l2g,
  rca
};

inline Choices<CamMethod> cam_method_choices() {
  return choices<CamMethod>({{"irn", CamMethod::irn},
                             {"clims", CamMethod::clims},
                             {"rib", CamMethod::rib},
                             {"psa", CamMethod::psa},
                             {"seam", CamMethod::seam},
                             {"transcam", CamMethod::transcam},
                             {"ppc", CamMethod::ppc},
                             {"eps", CamMethod::eps},
                             {"sipe", CamMethod::sipe},
                             {"puzzlecam", CamMethod::puzzlecam},
                             {"puzzlecam_rw", CamMethod::puzzlecam_rw},
                             {"recurseed", CamMethod::recurseed},
                             {"clipes", CamMethod::clipes},
                             {"l2g", CamMethod::l2g},
                             {"rca", CamMethod::rca}});
}

// As a pipeline names it: "puzzlecam_rw".
inline std::string to_text(CamMethod method) {
  for (auto const& [text, each] : cam_method_choices().values) {
    if (each == method) return text;
  }
  return {};
}

}  // namespace seplflow
