// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.PixelRange;
import io.github.md4.core.internal.torch.ScriptFile.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class ScriptFileTest {
  private static final String MODULE =
      """
      class M(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.M, x: Tensor, doubled: bool) -> Tensor:
          y = torch.to(x, 6)
          if doubled:
            y = torch.mul(y, 2)
          return torch.mean(y, [2, 3], True)
      """;

  @TempDir Path folder;

  private float[] features(PixelRange input, Boolean... flags) throws IOException {
    Path file = Files.write(folder.resolve("m.pt"), ScriptArchive.of(MODULE));
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        ScriptFile script = new ScriptFile(manager, file, new Options(input, List.of(flags)))) {
      NDArray images = manager.create(new float[] {0, 255, 51, 153}, new Shape(1, 2, 1, 2));
      int before = manager.getManagedArrays().size();
      NDArray features = script.features(manager, images);
      assertThat(features.getShape()).isEqualTo(new Shape(1, 2));
      assertThat(manager.getManagedArrays().size()).isEqualTo(before + 1);
      return features.toFloatArray();
    }
  }

  @Test
  void features_areTheScriptsOfImagesAsItWantsThem() throws IOException {
    assertThat(features(PixelRange.UINT8, false)).containsExactly(127.5f, 102);
    assertThat(features(PixelRange.UINT8, true)).containsExactly(255, 204);
    assertThat(features(PixelRange.UNIT, false)).containsExactly(0.5f, 0.4f);
    assertThat(features(PixelRange.SIGNED, false)[0]).isEqualTo(0);
  }

  @Test
  void script_thatFailsIsNamed() {
    assertThatThrownBy(() -> features(PixelRange.UINT8))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("m.pt: fails on images of (1, 2, 1, 2)")
        .hasMessageNotContaining("\n");
  }

  @Test
  void file_thatIsNoScriptIsNamed() throws IOException {
    Path file = Files.write(folder.resolve("no.pt"), new byte[] {1, 2, 3});
    Options options = new Options(PixelRange.UNIT, List.of());
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(() -> new ScriptFile(manager, file, options))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("is no TorchScript");
      Path absent = folder.resolve("absent.pt");
      assertThatThrownBy(() -> new ScriptFile(manager, absent, options))
          .hasMessageContaining("no such file; a TorchScript file is expected");
    }
  }

  @Test
  void input_isWrittenInOneWord() {
    assertThat(PixelRange.parse("signed")).isEqualTo(PixelRange.SIGNED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PixelRange.parse("float"))
        .withMessage("input must be uint8, unit or signed: float");
  }

  private static String module(String statement) {
    return """
        class M(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def forward(self: __torch__.M, x: Tensor) -> Tensor:
            %s
            return torch.mean(torch.to(x, 6), [2, 3], True)
        """
        .formatted(statement);
  }

  private Path script(String statement) throws IOException {
    return Files.write(folder.resolve("m.pt"), ScriptArchive.of(module(statement)));
  }

  /** The first is how a script overwrote a file of its user's. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "y = torch.fill_(torch.from_file(\"FILE\", True, 4, dtype=6), 7.0)",
        "y = torch.fill_(ops.aten.from_file(\"FILE\", True, 4, dtype=6), 7.0)",
        "y = torch.fill_(torch . from_file (\"FILE\", True, 4, dtype=6), 7.0)",
        "torch.save(x, \"FILE\")",
        "y = ops.image.write_file(\"FILE\", x)",
        "y = (ops . image . read_file)(\"FILE\")",
        "y = __torch__.torch.classes.dist_rpc.WorkerInfo(\"a\", 1)",
        "y = rpc_sync(\"a\", \"b\", (x,))",
      })
  void script_thatReachesFilesIsNotLoaded(String statement) throws IOException {
    Path victim = Files.writeString(folder.resolve("victim"), "sixteen letters.");
    Path file = script(statement.replace("FILE", victim.toString()));
    assertThatThrownBy(() -> load(file, Duration.ofSeconds(60)))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": names ")
        .hasMessageContaining("can reach files or other programs");
    assertThat(victim).hasContent("sixteen letters.");
  }

  private void load(Path file, Duration limit) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        ScriptFile script =
            new ScriptFile(manager, file, new Options(PixelRange.UNIT, List.of()), limit)) {
      NDArray images = manager.create(new float[] {0, 255}, new Shape(1, 2, 1, 1));
      assertThat(script.features(manager, images).size()).isEqualTo(2);
    }
  }

  /** Ends by itself after some seconds, so that no test after it goes without a core. */
  @Test
  void script_thatDoesNotEndIsLeftBehind() throws IOException {
    Path file = script("for i in range(2000000):\n      x = torch.mul(x, 1.0)");
    assertThatThrownBy(() -> load(file, Duration.ofSeconds(1)))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("m.pt: has not ended after 1 s");
  }

  @Test
  void script_thatWasChangedIsRefused() throws IOException {
    byte[] bytes = ScriptArchive.of(MODULE);
    bytes[bytes.length / 2] ^= 1;
    Path file = Files.write(folder.resolve("m.pt"), bytes);
    assertThatThrownBy(() -> load(file, Duration.ofSeconds(60)))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ");
  }
}
