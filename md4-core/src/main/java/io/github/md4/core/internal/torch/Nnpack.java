// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.Device;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.github.md4.core.internal.cuda.LibtorchFolder;
import java.util.Optional;

/**
 * NNPACK, one of libtorch's ways to convolve on a CPU. It does not start on every processor.
 * libtorch then computes in another way, and at the first convolution prints a line on stderr,
 * whatever the level of its log is in the environment.
 */
public final class Nnpack {
  private static final String INITIALIZE = "nnp_initialize";
  private static final int SUCCESS = 0;
  private static final String CONTEXT = "_ZN2at13globalContextEv";
  private static final String SET_ENABLED = "_ZN2at7Context20setUserEnabledNNPACKEb";

  /** Found out once in a process. */
  private static final class Start {
    static final boolean IS_REFUSED = isRefused();
  }

  private Nnpack() {}

  /**
   * Switches NNPACK off where it cannot start, so that libtorch need not find out: the numbers are
   * the same, and nothing is printed. To be called before the first convolution on a CPU; does
   * nothing on a GPU.
   */
  public static void switchOffWhereItCannotStart(Device device) {
    boolean unused = device.isGpu() || Start.IS_REFUSED;
  }

  private static boolean isRefused() {
    try {
      Optional<NativeLibrary> libtorch = LibtorchFolder.load("libtorch_cpu\\.so");
      return libtorch.isPresent() && !starts(libtorch.get()) && isSwitchedOff(libtorch.get());
    } catch (LinkageError e) {
      return false; // a libtorch with other functions, which then prints its line
    }
  }

  private static boolean starts(NativeLibrary libtorch) {
    return libtorch.getFunction(INITIALIZE).invokeInt(new Object[0]) == SUCCESS;
  }

  private static boolean isSwitchedOff(NativeLibrary libtorch) {
    Pointer context = libtorch.getFunction(CONTEXT).invokePointer(new Object[0]);
    libtorch.getFunction(SET_ENABLED).invokeVoid(new Object[] {context, 0});
    return true;
  }
}
