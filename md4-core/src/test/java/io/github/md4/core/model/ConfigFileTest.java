// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.network.gpt2.GptConfig;
import io.github.md4.core.network.image.ConditionConfig;
import io.github.md4.core.network.image.DitConfig;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.network.image.UVitConfig;
import io.github.md4.core.network.llama.LlamaConfig;
import io.github.md4.core.network.transformer.GaussianTransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("exact")
final class ConfigFileTest {
  private static final UNetConfig UNET =
      new UNetConfig(
          new ImageShape(4, 6, 2), 64, 3, new ConditionConfig(TimeFeatures.NONE, 5, 0.25), 0.5);

  @TempDir Path folder;

  static List<ModelConfig> models() {
    return List.of(
        ModelConfig.defaults(),
        model(48, UNET),
        model(64 * 64 * 3, UVitConfig.defaults()),
        model(32 * 32 * 3, DitConfig.defaults()),
        new ModelConfig(
            new AutoregressiveObjective.Kind(),
            1024,
            new Curve.Linear(),
            1e-4,
            GptConfig.defaults()),
        new ModelConfig(
            new GaussianObjective.Kind(GaussianTransformerConfig.defaults().vectorWidth()),
            48,
            new Curve.Linear(),
            1e-4,
            GaussianTransformerConfig.defaults()),
        model(48, new DditConfig(32, 2, 2, 16, TimeFeatures.T, 4)),
        model(48, new LlamaConfig(32, 4, 2, 8, 2, 64, 5e5, 1e-6, true, false, false, true, 7)));
  }

  private static ModelConfig model(int length, NetworkConfig network) {
    return new ModelConfig(length, new Curve.Cosine(), 1e-3, network);
  }

  @ParameterizedTest
  @MethodSource("models")
  void read_isWhatWasWritten(ModelConfig model) throws IOException {
    Path file = folder.resolve("config.json");
    ConfigFile.write(file, model);
    assertThat(ConfigFile.read(file)).isEqualTo(model);
  }

  @Test
  void models_areOfAllKinds() {
    assertThat(models().stream().<Object>map(model -> model.network().getClass()))
        .containsExactlyInAnyOrderElementsOf(NetworkConfig.kinds().values());
  }

  /** As files had it when there was one kind. */
  @Test
  void network_withoutAKindIsATransformer() throws IOException {
    Path file = written(ModelConfig.defaults(), "    \"kind\": \"transformer\",\n", "");
    assertThat(ConfigFile.read(file).network()).isEqualTo(TransformerConfig.defaults());
  }

  @Test
  void network_ofAnUnknownKindIsNamed() throws IOException {
    Path file = written(model(48, UNET), "\"unet\"", "\"unett\"");
    assertThatThrownBy(() -> ConfigFile.read(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageEndingWith(
            "network.kind must be one of transformer, gaussian-transformer, unet, uvit, dit, gpt2,"
                + " ddit, llama: unett");
  }

  @Test
  void network_withAKeyOfAnotherKindIsRejected() throws IOException {
    Path file = written(model(48, UNET), "\"layers\": 3", "\"layers\": 3, \"heads\": 2");
    assertThatThrownBy(() -> ConfigFile.read(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageEndingWith("has an unknown key, network.heads");
  }

  @Test
  void length_mustBeTheImages() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(47, UNET))
        .withMessage("length must be that of the network's image, 48 for 4x6x2: 47");
  }

  private Path written(ModelConfig model, String from, String to) throws IOException {
    Path file = folder.resolve("config.json");
    ConfigFile.write(file, model);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    return Files.writeString(file, text.replace(from, to));
  }
}
