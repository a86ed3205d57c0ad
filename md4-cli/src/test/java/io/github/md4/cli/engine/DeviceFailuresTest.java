// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.FailureLine;
import io.github.md4.core.DeviceException;
import org.junit.jupiter.api.Test;

final class DeviceFailuresTest {

  @Test
  void memory_thatIsFullIsTheDevicesFailure() {
    Throwable failure;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      failure =
          catchThrowable(
              () -> {
                NDArray unused = manager.ones(new Shape(1L << 45));
              });
    }
    Throwable translated = DeviceFailures.of(failure);
    assertThat(translated).isInstanceOf(DeviceException.class).hasCause(failure);
    assertThat(ExitCodes.of(translated)).isEqualTo(4);
    assertThat(FailureLine.of(translated))
        .startsWith("the device's memory is full; take a smaller batch: ")
        .contains("140737488355328 bytes");
  }

  @Test
  void messages_ofCudaAreFoundInTheirTrace() {
    // As libtorch 2.3.1 words them, a TorchScript trace around them.
    String full = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity";
    assertThat(translated("The following operation failed:\nTraceback\nRuntimeError: " + full))
        .isEqualTo("the device's memory is full; take a smaller batch: RuntimeError: " + full);
    assertThat(translated("CUDA error: an illegal memory access was encountered\nmore"))
        .isEqualTo("the GPU failed: CUDA error: an illegal memory access was encountered");
  }

  private static String translated(String message) {
    Throwable failure = DeviceFailures.of(new EngineException(message));
    assertThat(failure).isInstanceOf(DeviceException.class);
    return failure.getMessage();
  }

  @Test
  void otherFailures_areLeftAlone() {
    for (Throwable failure :
        new Throwable[] {
          new EngineException("shapes differ"),
          new EngineException(null, null),
          new IllegalStateException("out of memory")
        }) {
      assertThat(DeviceFailures.of(failure)).isSameAs(failure);
    }
  }
}
