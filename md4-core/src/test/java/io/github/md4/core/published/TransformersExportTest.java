// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.image.ConditionConfig;
import io.github.md4.core.network.image.DitConfig;
import io.github.md4.core.network.image.DitShape;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.network.image.UVitConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The folders that scripts/check-transformers.py compares with PyTorch. */
@Tag("exact")
final class TransformersExportTest {
  private static final ImageShape IMAGE = new ImageShape(8, 12, 3);
  private static final int CHECKED = 12;

  @TempDir private Path folder;

  static List<NetworkConfig> networks() {
    ConditionConfig classes = new ConditionConfig(TimeFeatures.T, 10, 0.1);
    DitShape patches = new DitShape(24, 3, 1, 2);
    return List.of(
        TransformerConfig.defaults().withHeads(4, 4).withLayers(1),
        new UNetConfig(IMAGE, 32, 1, classes, 0),
        new UVitConfig(IMAGE, 32, List.of(1, 2), 1, patches, classes, 0),
        new DitConfig(IMAGE, 8, patches, ConditionConfig.defaults(), 0));
  }

  private Path model(NetworkConfig network) throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    ModelConfig config =
        new ModelConfig(
            network.imageShape().map(ImageShape::size).orElse(40),
            new Curve.Linear(),
            MaskingSchedule.DEFAULT_EPSILON,
            network);
    SavedModel.Description description =
        new SavedModel.Description(config, new Tokenizer.Characters("abcde"));
    description.write(model);
    try (NDManager manager = NDManager.newBaseManager();
        Network built = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, built.specs(), new Noise(3))) {
      SavedModel.writeWeights(model, parameters);
    }
    return model;
  }

  @Test
  void config_hasTheNamesOfClasses() throws IOException {
    Path model = model(new UNetConfig(IMAGE, 32, 1, new ConditionConfig(TimeFeatures.T, 2, 0), 0));
    SavedModel.Description bare = SavedModel.Description.read(model);
    ClassNames names = new ClassNames(List.of("big cat", "dog"));
    new SavedModel.Description(bare.config(), bare.tokenizer(), Optional.of(names)).write(model);
    Path to = folder.resolve("to");
    TransformersExport.write(model, Weights.EMA, to);
    JsonObject labels = json(to.resolve("config.json")).getAsJsonObject("id2label");
    assertThat(labels).hasToString("{\"0\":\"big cat\",\"1\":\"dog\"}");
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void folder_hasWhatPythonNeeds(NetworkConfig network) throws IOException {
    Path to = folder.resolve("to");
    TransformersExport.write(model(network), Weights.EMA, to);
    try (Stream<Path> files = Files.list(to)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "config.json",
              "md4_check.json",
              "md4_tokenizer.json",
              "model.safetensors",
              "modeling_md4.py");
    }
    JsonObject config = json(to.resolve("config.json"));
    String code = Files.readString(to.resolve("modeling_md4.py"));
    assertThat(code).contains("model_type = " + config.get("model_type"));
    String constructor = code.substring(code.indexOf("def __init__"), code.indexOf("**rest"));
    for (String key : List.of("auto_map", "architectures", "torch_dtype", "objective")) {
      config.remove(key); // transformers' own, and for people
    }
    config.remove("model_type");
    config.remove("length");
    config.keySet().forEach(key -> assertThat(constructor).contains(key + "="));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void check_hasRowsOfBothSequences(NetworkConfig network) throws IOException {
    Path to = folder.resolve("to");
    TransformersExport.write(model(network), Weights.EMA, to);
    JsonObject check = json(to.resolve("md4_check.json"));
    assertThat(check.getAsJsonArray("rows")).hasSize(2 * CHECKED);
    assertThat(check.getAsJsonArray("logits")).hasSize(2 * CHECKED * 5);
    int length = network.imageShape().map(ImageShape::size).orElse(CHECKED);
    assertThat(check.getAsJsonArray("rows").asList().stream().map(JsonElement::getAsInt))
        .doesNotHaveDuplicates()
        .contains(0, length - 1, length, 2 * length - 1);
    assertThat(check.getAsJsonArray("labels")).hasSize(network.classes() > 0 ? 2 : 0);
  }
}
