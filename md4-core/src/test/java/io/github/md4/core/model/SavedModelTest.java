// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.image.ImageNetworks;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class SavedModelTest {
  private static final TransformerConfig NETWORK =
      TransformerConfig.defaults()
          .withHeads(3, 4)
          .withLayers(2)
          .withActivation(io.github.md4.core.Activation.GEGLU)
          .withConditioning(TransformerConfig.Conditioning.ADALN)
          .withDepthScaledInit(false)
          .withDropout(0.25, 0.125);
  private static final SavedModel.Description DESCRIPTION =
      new SavedModel.Description(
          new ModelConfig(7, new Curve.Polynomial(3), 1e-3, NETWORK),
          new Tokenizer.Characters("abcde"));

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    DESCRIPTION.write(folder);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = DESCRIPTION.network(manager, Precision.FLOAT32);
        Parameters raw = Parameters.initial(manager, network.specs(), new Noise(1));
        Parameters average = Parameters.initial(manager, network.specs(), new Noise(2))) {
      SavedModel.writeWeights(folder, raw, average);
    }
  }

  private float[] logits(Weights weights) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        SavedModel model = SavedModel.load(folder, weights, manager, Precision.FLOAT32)) {
      NDArray zt = manager.create(new long[] {5, 1, 5, 0, 2, 5, 5}, new Shape(1, 7));
      NDArray rows = manager.create(new long[] {0, 5});
      return model.denoiser().logits(zt, Condition.at(0.3), rows).toFloatArray();
    }
  }

  private void edit(String from, String to) throws IOException {
    Path config = folder.resolve("config.json");
    String text = Files.readString(config);
    assertThat(text).contains(from);
    Files.writeString(config, text.replace(from, to));
  }

  private void assertRejected(String message) {
    assertThatThrownBy(() -> logits(Weights.EMA))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void load_readsWhatWasWritten() throws IOException {
    assertThat(SavedModel.Description.read(folder)).isEqualTo(DESCRIPTION);
    assertThat(logits(Weights.RAW)).hasSize(10);
  }

  /** A model of before has none, and one of another number would be told from no class. */
  @Test
  void classNames_areReadAsTheyWereWritten() throws IOException {
    assertThat(folder.resolve("classes.json")).doesNotExist();
    ModelConfig config = new ModelConfig(15, new Curve.Linear(), 1e-4, ImageNetworks.UNET_CLASSES);
    ClassNames names = new ClassNames(List.of("big cat", "small dog", "zw\u00f6lf", "fox", "cow"));
    SavedModel.Description named =
        new SavedModel.Description(config, DESCRIPTION.tokenizer(), Optional.of(names));
    named.write(folder);
    assertThat(SavedModel.Description.read(folder)).isEqualTo(named);
    new ClassNames(List.of("cat", "dog")).write(folder.resolve("classes.json"));
    assertThatThrownBy(() -> SavedModel.Description.read(folder))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("classes.json")
        .hasMessageContaining("a name for each of 5 classes: 2 names");
    DESCRIPTION.tokenizer().write(folder.resolve("classes.json"));
    assertThatThrownBy(() -> SavedModel.Description.read(folder))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("holds no names of classes");
    DESCRIPTION.write(folder);
    assertThat(SavedModel.Description.read(folder).classNames()).isEmpty();
  }

  @Test
  void load_tellsTheAverageFromTheRawWeights() throws IOException {
    Files.delete(folder.resolve("ema.safetensors"));
    assertThat(logits(Weights.RAW)).hasSize(10);
    assertRejected("holds the weights 'raw'; 'ema' are in a run's checkpoints");
  }

  /** As other programs write it that know only the tensors. */
  @Test
  void load_rejectsWeightsThatDoNotSayWhichTheyAre() throws IOException {
    Files.delete(folder.resolve("ema.safetensors"));
    Path file = folder.resolve("model.safetensors");
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(bytes).contains("\"weights\":");
    Files.writeString(
        file, bytes.replace("\"weights\":", "\"another\":"), StandardCharsets.ISO_8859_1);
    assertRejected("does not say which weights it holds");
  }

  @Test
  void load_rejectsAFolderThatIsNoModel() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    assertRejected("is no model: it must have config.json, tokenizer.json and model.safetensors");
  }

  @Test
  void load_rejectsAnotherVersion() throws IOException {
    edit("\"formatVersion\": 1", "\"formatVersion\": 99");
    assertRejected("must have formatVersion 1, but has 99");
  }

  @Test
  void load_rejectsAnUnknownKey() throws IOException {
    edit("\"length\": 7", "\"length\": 7, \"lenght\": 8");
    assertRejected("has an unknown key, lenght");
  }

  @Test
  void load_rejectsAMissingKey() throws IOException {
    edit("    \"layers\": 2,\n", "");
    assertRejected("layers");
  }

  @Test
  void load_rejectsAnImpossibleValue() throws IOException {
    edit("\"heads\": 3,\n    \"keyValueHeads\": 3", "\"heads\": 3,\n    \"keyValueHeads\": 2");
    assertRejected("keyValueHeads must divide heads (3): 2");
  }

  @Test
  void load_rejectsBrokenJson() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"length\": ");
    assertRejected("is no model configuration");
  }

  @Test
  void load_rejectsWeightsOfAnotherNetwork() throws IOException {
    edit("\"layers\": 2", "\"layers\": 3");
    assertRejected("has no parameter layers.2.");
    edit("\"layers\": 3", "\"layers\": 9999"); // known before memory is taken for any
    assertRejected("has no parameter layers.2.");
    edit("\"layers\": 9999", "\"layers\": 1");
    assertRejected("has the parameter layers.1.");
    edit("\"layers\": 1", "\"layers\": 2");
    edit("\"headWidth\": 4", "\"headWidth\": 6");
    assertRejected("must be (6, 6), but is (6, 4): it is of another network");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"layers\": 2|\"layers\": 1.9|layers must be a whole number of 32 bits: 1.9",
        "\"layers\": 2|\"layers\": 1e30|layers must be a whole number of 32 bits: 1e30",
        "\"layers\": 2|\"layers\": 4294967298|layers must be a whole number of 32 bits",
        "\"layers\": 2|\"layers\": \"2\"|layers must be a whole number of 32 bits: string",
        "\"layers\": 2|\"layers\": 1000000000|layers must be in [1, 10000]: 1000000000",
        "\"length\": 7|\"length\": 1000000000|length must be in [1, 1048576]: 1000000000",
        "\"layers\": 2|\"layers\": null|network.layers is null",
        "\"layers\": 2|\"layers\": [2]|layers must be a whole number of 32 bits: array",
        "\"length\": 7|\"length\": true|length must be a whole number of 32 bits: boolean",
        "\"epsilon\": 0.001|\"epsilon\": 1e999|epsilon must be a number of 64 bits: 1e999",
        "\"epsilon\": 0.001|\"epsilon\": 1e-400|epsilon must be a number of 64 bits: 1e-400",
        "\"epsilon\": 0.001|\"epsilon\": 1e-99999|epsilon must be a number of 64 bits: 1e-99999",
        "\"activation\": |\"activation\": null, \"x\": |activation is null",
      })
  void load_refusesWhatIsNoNumber(String from, String to, String message) throws IOException {
    edit(from, to);
    assertRejected("config.json: ");
    assertRejected(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json"})
  void load_refusesBracketsWithoutEndAndOtherText(String name) throws IOException {
    Files.writeString(folder.resolve(name), "{\"length\":" + "[".repeat(200_000));
    assertRejected(name + ": ");
    assertRejected("nested deeper than 200");
    Files.write(folder.resolve(name), new byte[] {'{', (byte) 0xFF, '}'});
    assertRejected(name + ": is not UTF-8");
  }

  @Test
  void load_refusesWeightsThatAreNoNumbers() throws IOException {
    Path file = folder.resolve("ema.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    System.arraycopy(new byte[] {0, 0, (byte) 0xC0, 0x7F}, 0, bytes, bytes.length - 4, 4);
    Files.write(file, bytes);
    assertRejected("ema.safetensors: tensor head.");
    assertRejected("holds NaN or infinity");
  }
}
