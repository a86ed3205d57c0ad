#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every CUDA source in the forms that the product asks for, by NVRTC; needs no GPU.

Forms that are not Hopper's own are compiled for sm_90, and for sm_80 and sm_89 where those cards use them. FOLDER has
libnvrtc and libnvrtc-builtins, as the libtorch of the cu121 jar carries them. Prints each form, and the registers and
spills of its kernels with --verbose; exits with 1 where one does not compile.

    scripts/bench/compile_kernels.py FOLDER [--verbose]
"""
import ctypes
import glob
import pathlib
import sys

RESOURCES = pathlib.Path(__file__).parents[2] / "md4-core/src/main/resources/io/github/md4/core/internal"


HOPPER = ("90a",)  # instructions of its own
HOPPER_PLAIN = ("90",)  # used on Hopper alone, though it has none of them
ANY = ("80", "89", "90")


def forms():
    """Sources to join, constants, and the architectures to compile for."""
    text, image = RESOURCES / "transformer", RESOURCES / "image"
    yield [RESOURCES / "torch" / "parts.cu"], {}, HOPPER_PLAIN
    for wide in (0, 1):
        yield [image / "maps.cu"], dict(WIDE=wide), ANY
        for gate, width in ((0, 768), (1, 768), (2, 768), (0, 512), (0, 1024), (0, 2048)):
            yield [text / "fused.cu"], dict(D=width, W=64, GATE=gate, WIDE=wide), ANY
    for width in (8, 32, 128):
        yield [text / "fused.cu"], dict(D=6 * width, W=width, GATE=0, WIDE=1), ANY
    for width in (64, 128):
        for norms in (0, 1):
            yield [text / "llama.cu"], dict(W=width, NORMS=norms), HOPPER_PLAIN
    for width, head in ((64, 64), (768, 64), (1024, 64), (2048, 128)):
        yield [text / "ddit.cu"], dict(D=width, W=head), HOPPER
    for gate in (0, 1, 2):
        for wide in (0, 1):
            yield [text / "fused.cu", text / "step.cu"], dict(D=768, W=64, GATE=gate, WIDE=wide), HOPPER
    attention = text / "attention.cu"
    for width in (64, 128):
        for causal in (0, 1):
            for dropout in (0, 1):
                for chosen in (0,) if causal else (0, 1):
                    given = dict(W=width, CAUSAL=causal, DROPOUT=dropout, CHOSEN=chosen)
                    for groups in (1, 2, 4) if width == 64 else (1, 2):
                        yield [attention, text / "attention-forward.cu"], dict(given, FWD_GROUPS=groups), HOPPER
                    yield [attention, text / "attention-backward.cu"], given, HOPPER
    for blocks, dropout in ((2, 1), (4, 0), (4, 1), (8, 0), (8, 1)):
        given = dict(W=64, CAUSAL=0, DROPOUT=dropout, BLOCKS=blocks)
        yield [attention, text / "attention-backward-ring.cu"], given, HOPPER
    for parts in (1, 2, 4):
        for after in (0, 1) if parts == 1 else (0,):
            given = dict(W=64, CAUSAL=0, DROPOUT=0, PARTS=parts, AFTER=after, GATE=0)
            yield [attention, text / "product.cu"], given, HOPPER
    convolution = [attention, image / "convolution.cu"]
    of_nothing = dict(W=64, CAUSAL=0, DROPOUT=0)
    for parts in (2, 4, 8):
        yield [*convolution, image / "convolve-few.cu"], dict(of_nothing, PARTS=parts), HOPPER
    for columns, unit in ((64, 1), (64, 3), (128, 2), (128, 3)):
        yield [*convolution, image / "convolve-many.cu"], dict(of_nothing, COLUMNS=columns, UNIT=unit), HOPPER
    large = [attention, text / "large-product.cu"]
    for after in (0, 1):
        yield large, dict(W=64, CAUSAL=0, DROPOUT=0, AFTER=after, GATE=0), HOPPER
    for across, blocks in ((256, 1), (256, 2), (384, 2), (256, 4), (384, 4)):
        for wide in (0, 1):
            given = dict(W=64, CAUSAL=0, DROPOUT=0, AFTER=3, GATE=0, ACROSS=across, BLOCKS=blocks, WIDE=wide)
            yield large, given, HOPPER
    for gate in (0, 1):  # GELU has no such product
        given = dict(W=64, CAUSAL=0, DROPOUT=0, AFTER=2, GATE=gate)
        yield [attention, text / "product.cu"], dict(given, PARTS=1), HOPPER
        yield large, given, HOPPER


def compiled(nvrtc, source, constants, architecture):
    """Returns NVRTC's error, 0 for none, and its log."""
    options = [f"--gpu-architecture=sm_{architecture}", "--ptxas-options=-v"]
    options += ["-default-device"] * architecture.endswith("a") + [f"-D{name}={value}" for name, value in constants.items()]
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
    error = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*map(str.encode, options)))
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return error, log.value.decode()


def main():
    folder, is_verbose = sys.argv[1], "--verbose" in sys.argv
    ctypes.CDLL(glob.glob(f"{folder}/libnvrtc-builtins*")[0], mode=ctypes.RTLD_GLOBAL)
    library = [f for f in glob.glob(f"{folder}/libnvrtc[-.]*so*") if "builtins" not in f][0]
    nvrtc, failed = ctypes.CDLL(library), 0
    for files, constants, architecture in ((f, c, a) for f, c, each in forms() for a in each):
        source = "".join(f.read_text(encoding="utf-8") for f in files)
        error, log = compiled(nvrtc, source, constants, architecture)
        spilled = [line.strip() for line in log.splitlines() if "spill" in line and " 0 bytes spill stores" not in line]
        names = " + ".join(f.name for f in files)
        print("FAILED" if error else "ok", f"sm_{architecture}", names, constants, f"{len(spilled)} spilling" if spilled else "", flush=True)
        if "serializ" in log:
            print("  ptxas serialized products")
        if error or is_verbose:
            print(log)
        failed += error != 0
    print(f"{failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
