// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.KernelCache.Text;
import java.util.List;
import java.util.Optional;

/** The CUDA compiler in libtorch's folder. */
public final class Nvrtc {
  private static final System.Logger LOGGER = System.getLogger("io.github.md4.kernels");
  private static final KernelCompiler COMPILER =
      new KernelCompiler(new KernelCache(KernelCache.defaultFolder(), Nvrtc::log), Nvrtc::log);

  private final NativeLibrary library;

  private Nvrtc(NativeLibrary library) {
    this.library = library;
  }

  private static void log(String message) {
    LOGGER.log(System.Logger.Level.INFO, message);
  }

  /**
   * Returns the seconds for which this process has waited for kernels that the folder of compiled
   * kernels lacked and has now: a later process does not wait for these.
   */
  public static double secondsOfCompilation() {
    return COMPILER.secondsOfCompilation();
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
   * Returns the machine code of a source text, compiled where neither this process nor the folder
   * of compiled kernels has it.
   *
   * @param options as of nvcc, the architecture among them
   * @return shared by all callers: read only, not to be closed
   */
  Memory compile(String source, List<String> options) {
    return COMPILER.code(text(source, options), this::compiled);
  }

  /** Begins on another thread what {@link #compile} does, so that a later call waits for less. */
  void prepare(String source, List<String> options) {
    COMPILER.prepare(text(source, options), this::compiled);
  }

  private Text text(String source, List<String> options) {
    return new Text(name(), source, List.copyOf(options));
  }

  /** Returns the compiler's version and the name of its file, which differs between builds. */
  private String name() {
    IntByReference major = new IntByReference();
    IntByReference minor = new IntByReference();
    check(call("nvrtcVersion", major, minor), "its version");
    return "NVRTC %d.%d %s"
        .formatted(major.getValue(), minor.getValue(), library.getFile().getName());
  }

  private byte[] compiled(Text text) {
    PointerByReference created = new PointerByReference();
    check(
        call(
            "nvrtcCreateProgram",
            created,
            text.source(),
            "kernels.cu",
            0,
            Pointer.NULL,
            Pointer.NULL),
        "creating a program");
    Pointer program = created.getValue();
    try {
      StringArray options = new StringArray(text.options().toArray(String[]::new));
      if (call("nvrtcCompileProgram", program, text.options().size(), options) != 0) {
        throw new DeviceException("a CUDA kernel does not compile: " + log(program));
      }
      return bytes(output(program, "CUBIN"));
    } finally {
      int unused = call("nvrtcDestroyProgram", created);
    }
  }

  private static byte[] bytes(Memory memory) {
    return memory.getByteArray(0, Math.toIntExact(memory.size()));
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
