// Python module avatar_ros._raster: checks shapes, releases the GIL, calls the rasteriser.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>

#include "rasteriser.hpp"

namespace py = pybind11;
using avatar::Alpha;
using avatar::Kernels;
using avatar::Rasteriser;

namespace {

constexpr int kLargestSide = 16384;  // boxes are int16

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

void need(bool good, const std::string& text) {
    if (!good) throw std::invalid_argument(text);
}

template <class T>
void need_shape(const Array<T>& a, const char* name, std::initializer_list<py::ssize_t> shape) {
    bool same = a.ndim() == static_cast<py::ssize_t>(shape.size()) && std::equal(shape.begin(), shape.end(), a.shape());
    if (same) return;
    std::string text = std::string(name) + ": shape (";
    for (py::ssize_t k = 0; k < a.ndim(); ++k) text += std::to_string(a.shape(k)) + ", ";
    text += ") instead of (";
    for (py::ssize_t n : shape) text += std::to_string(n) + ", ";
    throw std::invalid_argument(text + ")");
}

class Bound {
   public:
    Bound(const Array<float>& positions, const Array<float>& scales, const Array<float>& rotations,
          const Array<float>& colors, const Array<float>& opacities, const Array<float>& head_share,
          const Array<int64_t>& morph_offsets, const Array<uint32_t>& morph_indices, const Array<float>& morph_deltas,
          int threads, const std::string& isa)
        : morphs_(static_cast<int>(morph_offsets.size()) - 1),
          rasteriser_(input(positions, scales, rotations, colors, opacities, head_share, morph_offsets, morph_indices,
                            morph_deltas), threads, kernels(isa)) {}

    void render(const Array<float>& weights, const Array<float>& body, const Array<float>& head,
                const std::array<float, 4>& focal, float blur,
                const std::array<float, 3>& background, const py::object& image, const std::string& alpha, float smoke,
                py::array_t<uint8_t> out, bool still) {
        need_shape<float>(weights, "weights", {morphs_});
        need_shape<float>(body, "body", {4, 4});
        need_shape<float>(head, "head", {4, 4});
        need(out.ndim() == 3 && out.shape(2) == 4 && (out.flags() & py::array::c_style) &&
                 (out.writeable() || rasteriser_.owns(out.data())),
             "out: must be a writeable C-contiguous uint8 array [height, width, 4], or the rasteriser's own");
        const int height = static_cast<int>(out.shape(0)), width = static_cast<int>(out.shape(1));
        need_sides(width, height);
        avatar::Target target{const_cast<uint8_t*>(out.data()), nullptr, {background[0], background[1], background[2]},
                              smoke, mode(alpha), width, height, 0};
        Array<uint8_t> held;
        if (!image.is_none()) {
            held = image.cast<Array<uint8_t>>();
            need_shape<uint8_t>(held, "background", {height, width, 3});
        }
        const avatar::View v = avatar::make_view(body.data(), head.data(), focal.data(), blur, width, height);
        py::gil_scoped_release release;
        std::lock_guard lock(mutex_);
        if (held.size() > 0 && !(still && rasteriser_.use_backdrop(target)))
            rasteriser_.set_backdrop(held.data(), width, height, target);
        rasteriser_.render(weights.data(), v, target);
    }

    void recolour(const Array<float>& colors) {
        need_shape<float>(colors, "colors", {rasteriser_.splats(), 3});
        std::lock_guard lock(mutex_);
        rasteriser_.set_colors(colors.data());
    }

    bool owns(const py::array& pixels) const { return rasteriser_.owns(static_cast<const uint8_t*>(pixels.data())); }

    // Read-only for all but `render`, and alive as long as somebody holds it.
    py::array_t<uint8_t> picture(int width, int height) {
        need_sides(width, height);
        std::unique_lock lock(mutex_);
        auto* held = new avatar::Picture::Pixels(rasteriser_.picture(width, height));
        py::capsule owner(held, [](void* p) { delete static_cast<avatar::Picture::Pixels*>(p); });
        py::array_t<uint8_t> pixels({height, width, 4}, held->get(), owner);
        pixels.attr("setflags")(py::arg("write") = false);
        return pixels;
    }

    py::dict stats() {
        py::dict d;
        const auto& ms = rasteriser_.stage_ms();
        d["morph_ms"] = ms[avatar::kMorph];
        d["project_ms"] = ms[avatar::kProject];
        d["sort_ms"] = ms[avatar::kSort];
        d["bin_ms"] = ms[avatar::kBin];
        d["blend_ms"] = ms[avatar::kBlend];
        d["active_threads"] = rasteriser_.active_threads();
        d["visible"] = rasteriser_.visible();
        d["pairs"] = rasteriser_.pairs();
        d["tiles"] = rasteriser_.tiles();
        d["tiles_drawn"] = rasteriser_.redrawn();
        return d;
    }

    int threads() const { return rasteriser_.threads(); }
    std::string isa() const { return rasteriser_.isa(); }

   private:
    static const Kernels& kernels(const std::string& isa) {
        if (isa == "auto") return avatar::best_kernels();
        const Kernels* k = avatar::kernels_by_name(isa.c_str());
        need(k, "isa: '" + isa + "' is not available on this processor");
        return *k;
    }

    static void need_sides(int width, int height) {
        need(height > 0 && width > 0 && height <= kLargestSide && width <= kLargestSide,
             "out: sides must be 1 to " + std::to_string(kLargestSide) + " pixels");
    }

    static Alpha mode(const std::string& alpha) {
        if (alpha == "opaque") return Alpha::kOpaque;
        if (alpha == "premultiplied") return Alpha::kPremultiplied;
        need(alpha == "straight", "alpha: '" + alpha + "' is none of opaque, premultiplied, straight");
        return Alpha::kStraight;
    }

    static avatar::SceneInput input(const Array<float>& positions, const Array<float>& scales,
                                    const Array<float>& rotations, const Array<float>& colors,
                                    const Array<float>& opacities, const Array<float>& head_share,
                                    const Array<int64_t>& offsets, const Array<uint32_t>& indices,
                                    const Array<float>& deltas) {
        const py::ssize_t n = opacities.size(), entries = indices.size();
        need(n < (1 << 26), "opacities: more than 67 million splats");
        need_shape<float>(positions, "positions", {n, 3});
        need_shape<float>(scales, "scales", {n, 3});
        need_shape<float>(rotations, "rotations", {n, 4});
        need_shape<float>(colors, "colors", {n, 3});
        need_shape<float>(head_share, "head_share", {n});
        need_shape<float>(deltas, "morph_deltas", {entries, 3});
        need(offsets.ndim() == 1 && offsets.size() >= 1, "morph_offsets: must have one element more than morphs");
        const int64_t* o = offsets.data();
        need(o[0] == 0 && o[offsets.size() - 1] == entries && std::is_sorted(o, o + offsets.size()),
             "morph_offsets: must rise from 0 to the number of morph_indices");
        const uint32_t* i = indices.data();
        for (py::ssize_t m = 0; m + 1 < offsets.size(); ++m)
            need(std::is_sorted(i + o[m], i + o[m + 1]), "morph_indices: must ascend within a morph");
        need(std::all_of(i, i + entries, [n](uint32_t k) { return k < n; }), "morph_indices: beyond the last splat");
        return {static_cast<int>(n), static_cast<int>(offsets.size()) - 1, positions.data(), scales.data(),
                rotations.data(), colors.data(), opacities.data(), head_share.data(), o, i, deltas.data()};
    }

    int morphs_;
    std::mutex mutex_;  // one frame at a time
    Rasteriser rasteriser_;
};

}  // namespace

PYBIND11_MODULE(_raster, m) {
    m.doc() = "CPU rasteriser of Gaussian-splat avatars; use avatar_ros.render instead of this module.";
    // module_local: render-compare loads two builds into one process.
    py::class_<avatar::Governor>(m, "Governor", py::module_local(), "How many threads draw; here for its test")
        .def(py::init<int>(), py::arg("threads"))
        .def_property_readonly("active", &avatar::Governor::active)
        .def("note", &avatar::Governor::note, py::arg("worked_ms"), py::arg("waited_ms"));
    py::class_<Bound>(m, "Rasteriser")
        .def(py::init<const Array<float>&, const Array<float>&, const Array<float>&, const Array<float>&,
                      const Array<float>&, const Array<float>&, const Array<int64_t>&, const Array<uint32_t>&,
                      const Array<float>&, int, const std::string&>(),
             py::arg("positions"), py::arg("scales"), py::arg("rotations"), py::arg("colors"), py::arg("opacities"),
             py::arg("head_share"), py::arg("morph_offsets"), py::arg("morph_indices"), py::arg("morph_deltas"), py::arg("threads"),
             py::arg("isa") = "auto")
        .def("render", &Bound::render, py::arg("weights"), py::arg("body"), py::arg("head"), py::arg("focal"),
             py::arg("blur"), py::arg("background"), py::arg("image"), py::arg("alpha"), py::arg("smoke"),
             py::arg("out").noconvert(), py::arg("still") = false)
        .def("recolour", &Bound::recolour, py::arg("colors"))
        .def("picture", &Bound::picture, py::arg("width"), py::arg("height"))
        .def("owns", &Bound::owns, py::arg("pixels"))
        .def("stats", &Bound::stats)
        .def_property_readonly("threads", &Bound::threads)
        .def_property_readonly("isa", &Bound::isa);
}
