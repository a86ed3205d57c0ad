// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The CUDA compiler in libtorch's folder. */
public final class Nvrtc {
  /**
   * The machine code that this process has compiled; never freed, since compilation takes seconds.
   */
  private static final Map<Text, Memory> COMPILED = new ConcurrentHashMap<>();

  private final NativeLibrary library;

  /** The key of compiled machine code. */
  private record Text(String source, List<String> options) {}

  private Nvrtc(NativeLibrary library) {
    this.library = library;
  }

  /** Returns the compiler; empty where libtorch came without one. */
  public static Optional<Nvrtc> find() {
    try {
      // The compiler looks for its built-ins under a name that their file does not have; a
      // library that is already loaded is found.
      Optional<NativeLibrary> builtins = LibtorchFolder.load("libnvrtc-builtins.*\\.so\\..*");
      return builtins.isPresent()
          ? LibtorchFolder.load("libnvrtc(-\\w+)?\\.so\\.\\d+").map(Nvrtc::new)
          : Optional.empty();
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the machine code of a source text, compiled at the first call in this process.
   *
   * @param options as of nvcc, the architecture among them
   * @return shared by all callers: read only, not to be closed
   */
  Memory compile(String source, List<String> options) {
    return COMPILED.computeIfAbsent(new Text(source, List.copyOf(options)), this::compiled);
  }

  private Memory compiled(Text text) {
    PointerByReference created = new PointerByReference();
    check(
        call(
            "nvrtcCreateProgram",
            created,
            text.source,
            "kernels.cu",
            0,
            Pointer.NULL,
            Pointer.NULL),
        "creating a program");
    Pointer program = created.getValue();
    try {
      StringArray options = new StringArray(text.options.toArray(String[]::new));
      if (call("nvrtcCompileProgram", program, text.options.size(), options) != 0) {
        throw new DeviceException("a CUDA kernel does not compile: " + log(program));
      }
      return output(program, "CUBIN");
    } finally {
      int unused = call("nvrtcDestroyProgram", created);
    }
  }

  private String log(Pointer program) {
    return output(program, "ProgramLog").getString(0);
  }

  private Memory output(Pointer program, String what) {
    LongByReference size = new LongByReference();
    check(call("nvrtcGet" + what + "Size", program, size), what);
    Memory output = new Memory(size.getValue());
    check(call("nvrtcGet" + what, program, output), what);
    return output;
  }

  private int call(String function, Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }

  private static void check(int error, String doing) {
    if (error != 0) {
      throw new DeviceException("the CUDA compiler failed at " + doing + ": error " + error);
    }
  }
}
