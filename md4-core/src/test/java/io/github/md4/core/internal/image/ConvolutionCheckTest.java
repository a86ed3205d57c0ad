// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions whose channels are filled up are exact on every processor. */
final class ConvolutionCheckTest {
  private static final String SOURCE =
      TorchScript.resource(ScriptUNetKernels.class, "unet.torchscript");

  @ParameterizedTest
  @CsvSource({
    "2, 64, true",
    "2, 64, false",
    "32, 48, true",
    "32, 48, false",
    "33, 134, true",
    "24, 24, true",
    "24, 24, false",
    "64, 134, false",
    "96, 33, true"
  })
  void filled_isPlainLoopsOverWholeNumbers(int enter, int leave, boolean areChannelsLast) {
    ConvolutionCheck.Maps maps = new ConvolutionCheck.Maps(2, enter, leave, 5, 6);
    float[] x = ConvolutionCheck.numbers(maps.size(), i -> i * 7 % 11 - 5);
    float[] w = ConvolutionCheck.numbers(leave * 9 * enter, i -> i * 5 % 7 - 3);
    Map<String, Object> constants = new HashMap<>();
    constants.put("dtype", Precision.FLOAT32.scalarType);
    constants.put("stream", Precision.FLOAT32.scalarType);
    constants.put("channelsLast", areChannelsLast);
    constants.put("fillsChannels", true);
    constants.put("height", 5);
    constants.put("width", 6);
    constants.put("colours", 1);
    constants.put("groups", 1);
    constants.put("epsilon", 1e-6);
    constants.put("dropout", 0.0);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TorchScript script = TorchScript.load(manager, constants, SOURCE)) {
      NDArray input = manager.create(x, new Shape(2, 5, 6, enter)).transpose(0, 3, 1, 2);
      if (!areChannelsLast) {
        input = manager.create(input.toFloatArray(), input.getShape());
      }
      NDArray filters = manager.create(w, new Shape(leave, 3, 3, enter));
      NDArray found = script.run(manager, "filled", input, filters).singletonOrThrow();
      assertThat(found.getShape()).isEqualTo(new Shape(2, leave, 5, 6));
      float[] values = found.transpose(0, 2, 3, 1).toFloatArray();
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as("number " + i).isEqualTo(maps.convolved(x, w, i));
      }
    }
  }
}
