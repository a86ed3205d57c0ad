// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import io.github.md4.core.internal.torch.Nnpack;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The check of libtorch's convolution on a CPU. On some processors (AMD EPYC of family 26, by the
 * oneDNN 3.3.6 of libtorch 2.3.1) it gives wrong numbers, without a word, where the channels do not
 * fill the blocks of its kernels: 48 or 134 of them, while 32, 64 or 128 are right. The check
 * convolves small whole numbers, which float32 adds without rounding, and compares with plain
 * loops.
 */
public final class ConvolutionCheck {
  private static final System.Logger LOGGER = System.getLogger("io.github.md4.convolution");
  private static final int SIDE = 3;

  /** Computed once in a process, on the CPU. */
  private static final class OfCpu {
    static final boolean IS_RIGHT = isRightAndTold();
  }

  private ConvolutionCheck() {}

  /** Returns whether any number of channels is convolved rightly on a device. */
  public static boolean isRight(Device device) {
    return device.isGpu() || OfCpu.IS_RIGHT;
  }

  private static boolean isRightAndTold() {
    Nnpack.switchOffWhereItCannotStart(Device.cpu());
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      boolean isRight =
          isRight(manager, new Maps(2, 32, 48, 4, 4))
              && isRight(manager, new Maps(3, 64, 134, 6, 8));
      if (!isRight) {
        LOGGER.log(
            System.Logger.Level.DEBUG,
            "libtorch convolves some numbers of channels wrongly on this processor; they are filled"
                + " up with zeros to such as it convolves rightly");
      }
      return isRight;
    }
  }

  private static boolean isRight(NDManager manager, Maps maps) {
    int enter = maps.enter;
    int leave = maps.leave;
    float[] x = numbers(maps.size(), i -> i * 7 % 11 - 5);
    float[] w = numbers(leave * SIDE * SIDE * enter, i -> i * 5 % 7 - 3);
    // Made with their channels last, seen with their channels first: views of the same memory.
    NDArray input =
        manager
            .create(x, new Shape(maps.examples, maps.height, maps.width, enter))
            .transpose(0, 3, 1, 2);
    NDArray filters = manager.create(w, new Shape(leave, SIDE, SIDE, enter)).transpose(0, 3, 1, 2);
    Shape one = new Shape(1, 1);
    float[] found =
        Conv2d.conv2d(input, filters, manager.zeros(new Shape(leave)), one, one, one, 1)
            .singletonOrThrow()
            .transpose(0, 2, 3, 1)
            .toFloatArray();
    return IntStream.range(0, found.length).allMatch(i -> found[i] == maps.convolved(x, w, i));
  }

  static float[] numbers(int size, IntUnaryOperator number) {
    float[] numbers = new float[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = number.applyAsInt(i);
    }
    return numbers;
  }

  /** Maps [B, H, W, enter] that become [B, H, W, leave]. */
  record Maps(int examples, int enter, int leave, int height, int width) {
    int size() {
      return examples * height * width * enter;
    }

    /** Returns a number of the convolution, by plain loops. */
    float convolved(float[] x, float[] w, int at) {
      int out = at % leave;
      int column = at / leave % width;
      int row = at / leave / width % height;
      int example = at / leave / width / height;
      float sum = 0;
      for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
          int y = row + i - 1;
          int z = column + j - 1;
          if (y >= 0 && y < height && z >= 0 && z < width) {
            int pixel = ((example * height + y) * width + z) * enter;
            int filter = ((out * SIDE + i) * SIDE + j) * enter;
            for (int c = 0; c < enter; c++) {
              sum += x[pixel + c] * w[filter + c];
            }
          }
        }
      }
      return sum;
    }
  }
}
