// The methods whose CAMs and pseudo-labels can be read, by the names that pipelines use.
#pragma once

#include <string>

#include <seplflow/seplflow.hpp>

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

inline auto const kCamMethods = choices<CamMethod>({{"irn", CamMethod::irn},
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

// "puzzlecam_rw"
inline std::string name_of(CamMethod method) {
  return kCamMethods.text_of(method);
}

// For messages: method = "puzzlecam_rw"
inline std::string setting_of(CamMethod method) {
  return "method = \"" + name_of(method) + "\"";
}

}  // namespace seplflow
