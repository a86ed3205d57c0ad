// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.md4.cli.config.Experiment.Layer;
import io.github.md4.cli.config.Experiment.Model;
import io.github.md4.cli.config.Experiment.Optimizer;
import io.github.md4.cli.config.Experiment.Precision;
import io.github.md4.cli.config.Experiment.Round;
import io.github.md4.cli.config.Experiment.Square;
import io.github.md4.cli.config.Experiment.Training;
import io.github.md4.core.InvalidConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigLoaderTest {
  private static final String SMALL =
      """
      version: 1
      name: small
      data: /data/text8
      model:
        width: 4
        shape: round
        precision: float-32
        scales: [1, 0.5]
      layers: []
      """;

  private static final Experiment EXPECTED =
      new Experiment(
          "small",
          Path.of("/data/text8"),
          new Model(4, new Round(), Precision.FLOAT_32, List.of(1.0, 0.5)),
          Training.defaults(),
          List.of());

  @TempDir private Path folder;

  private Experiment load(String yaml, String... overrides) throws IOException {
    return ConfigLoader.load(write(yaml), List.of(overrides), Experiment.class);
  }

  private Path write(String yaml) throws IOException {
    return Files.writeString(folder.resolve("exp.yaml"), yaml);
  }

  /** Asserts the whole of the one line, but for the folder. */
  private void assertError(String expected, String yaml, String... overrides) {
    assertThatThrownBy(() -> load(yaml, overrides))
        .isInstanceOf(InvalidConfigException.class)
        .satisfies(
            e ->
                assertThat(e.getMessage().replace(folder + "/", ""))
                    .isEqualTo(expected)
                    .doesNotContain("\n"));
  }

  @Test
  void load_fillsInDefaults() throws IOException {
    assertThat(load(SMALL)).isEqualTo(EXPECTED);
  }

  @Test
  void load_takesTheDefaultsOfTheRecordAroundFirst() throws IOException {
    Experiment config = load(SMALL + "training: {optimizer: {beta2: 0.99}, steps: 1_000_000}\n");
    assertThat(config.training().optimizer()).isEqualTo(new Optimizer(0.9, 0.99));
    assertThat(config.training().steps()).isEqualTo(1_000_000);
    assertThat(config.training().learningRate()).isEqualTo(3e-4);
  }

  @Test
  void load_takesEachListElementsDefaults() throws IOException {
    Experiment config = load(SMALL.replace("[]", "[{heads: 3}, {kind: mlp}]"));
    assertThat(config.layers()).containsExactly(new Layer("attention", 3), new Layer("mlp", 7));
  }

  @Test
  void load_readsASectionWithoutKeysAsItsDefaults() throws IOException {
    assertThat(load(SMALL + "training:\n  # steps: 5\n")).isEqualTo(EXPECTED);
  }

  @ParameterizedTest
  @CsvSource({"1e-3, 0.001", "1, 1", "+.5E+1, 5", "1_000.5, 1000.5", "1.0e-4, 1e-4", "2., 2"})
  void load_readsNumbersAsPeopleWriteThem(String text, double expected) throws IOException {
    assertThat(load(SMALL, "training.learningRate=" + text).training().learningRate())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"no", "5", "1.0", "2024-01-01", "'null'", "'quoted'", "true", "a:b"})
  void load_readsAStringAsItIsWritten(String text) throws IOException {
    assertThat(load(SMALL, "name=" + text).name()).isEqualTo(text.replace("'", ""));
  }

  @Test
  void overrides_winOverTheFileAndTheLastWins() throws IOException {
    Experiment config =
        load(SMALL, "training.steps=5", "training.steps=7", "model.shape=square(2)");
    assertThat(config.training().steps()).isEqualTo(7);
    assertThat(config.model().shape()).isEqualTo(new Square(2));
    assertThat(config.name()).isEqualTo("small");
  }

  @Test
  void overrides_replaceAWholeSection() throws IOException {
    String file = SMALL + "training: {steps: 5, compile: true}\n";
    assertThat(load(file, "training={steps: 7}").training())
        .isEqualTo(new Training(7, 3e-4, false, Precision.BF16, new Optimizer(0.9, 0.95)));
  }

  @Test
  void unknownKey_namesTheNearest() {
    assertError(
        "exp.yaml:11: training.stepz: is not a key; did you mean 'training.steps'?",
        SMALL + "training:\n  stepz: 5\n");
    assertError(
        "exp.yaml:10: training.learning_rate: is not a key; did you mean 'training.learningRate'?",
        SMALL + "training: {learning_rate: 1}");
    assertError(
        "exp.yaml:9: layers[1].haeds: is not a key; did you mean 'layers[1].heads'?",
        SMALL.replace("[]", "[{}, {haeds: 1}]"));
  }

  @Test
  void unknownKey_isFoundInAnotherSection() {
    assertError(
        "exp.yaml:10: steps: is not a key; did you mean 'training.steps'?", SMALL + "steps: 5");
  }

  @Test
  void unknownKey_listsTheKeysIfNoneIsNear() {
    assertError(
        "exp.yaml:10: training.frobnicate: is not a key; the keys here are steps, learningRate,"
            + " compile, precision, optimizer",
        SMALL + "training: {frobnicate: 5}");
  }

  @Test
  void unknownKey_ofAnOverrideStandsAtTheOption() {
    assertError(
        "--set training.stepz: is not a key; did you mean 'training.steps'?",
        SMALL,
        "training.stepz=5");
    assertError(
        "--set training.steps: must be a single value, but is a section with keys",
        SMALL,
        "training.steps.count=5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "training.steps=abc     | must be an integer, but is 'abc'",
        "training.steps=5.0     | must be an integer, but is '5.0'",
        "training.steps=010     | must be an integer, but is '010'",
        "training.steps=        | has no value; give one, or leave the key out",
        "training.steps=[1, 2]  | must be a single value, but is a list",
        "training.steps=99999999999999999999 | must be an integer within 64 bits, but is '99999999999999999999'",
        "model.width=3000000000 | must be an integer within 32 bits, but is '3000000000'",
        "training.learningRate=fast  | must be a number, but is 'fast'",
        "training.learningRate=1e999 | must be a number within 64 bits, but is '1e999'",
        "training.learningRate=1e-400 | must be a number within 64 bits, but is '1e-400'",
        "training.learningRate=0x1p3 | must be a number, but is '0x1p3'",
        "training.compile=yes   | must be true or false, but is 'yes'",
        "training.precision=fp8 | must be one of float-32, bf16, but is 'fp8'",
        "training=5             | must be a section with keys, but is '5'; its keys are steps, learningRate, compile, precision, optimizer",
        "model.shape=oval       | must be round or square(SIDE), but is 'oval'",
        "model.scales={a: 1}    | must be a list, but is a section with keys",
        "training.steps=0       | steps must be at least 1: 0",
        "training.learningRate=.nan | learningRate must be positive: NaN",
        "model.width=3          | width must be even and positive: 3",
      })
  void wrongValue_saysWhatItMustBe(String override, String reason) {
    String key = override.substring(0, override.indexOf('='));
    assertError("--set " + key + ": " + reason, SMALL, override);
  }

  @Test
  void wrongValue_inAListNamesItsElement() {
    assertError(
        "exp.yaml:8: model.scales[1]: must be a number, but is 'b'", SMALL.replace("0.5", "b"));
  }

  @Test
  void impossibleValue_standsAtTheKeyThatTheMessageNames() {
    assertError(
        "exp.yaml:12: training.steps: steps must be at least 1: 0",
        SMALL + "training:\n  compile: true\n  steps: 0\n");
  }

  @Test
  void impossibleCombination_standsAtTheSection() {
    assertError(
        "exp.yaml:10: training: choose either compiled or exact",
        SMALL + "training:\n  compile: true\n  precision: float-32\n");
  }

  @Test
  void severalErrors_reportTheFirst() {
    assertError(
        "exp.yaml:2: nam: is not a key; did you mean 'name'?",
        SMALL.replace("name", "nam").replace("width: 4", "width: x"));
  }

  @Test
  void allValuesThatAreWrong_areTold() {
    String training =
        """
        training:
          steps: 0
          optimizer: {beta3: 1}
          learningRate: -1
          precision: float-32
        """;
    assertThat(messages(SMALL.replace("width: 4", "width: 3") + training))
        .containsExactly(
            "exp.yaml:5: model.width: width must be even and positive: 3",
            "exp.yaml:11: training.steps: steps must be at least 1: 0",
            "exp.yaml:12: training.optimizer.beta3: is not a key; did you mean 'training.optimizer.beta1'?",
            "exp.yaml:13: training.learningRate: learningRate must be positive: -1.0");
  }

  /** Returns the lines of all errors of a config. */
  private List<String> messages(String yaml) {
    Throwable failure = catchThrowable(() -> load(yaml));
    List<String> messages = new ArrayList<>();
    addMessages(failure, messages);
    return messages;
  }

  private static void addMessages(Throwable failure, List<String> messages) {
    String message = failure.getMessage();
    messages.add(message.substring(message.indexOf("exp.yaml")));
    for (Throwable other : failure.getSuppressed()) {
      addMessages(other, messages);
    }
  }

  @Test
  void missingKey_isNamed() {
    assertError(
        "exp.yaml:4: model.width: is missing, and has no default",
        SMALL.replace("  width: 4\n", ""));
    assertError(
        "exp.yaml:1: name: is missing, and has no default", SMALL.replace("name: small\n", ""));
    assertError(
        "exp.yaml:1: model.width: is missing, and has no default",
        "version: 1\nname: a\ndata: b\n");
  }

  @Test
  void doubledKey_isRefusedAtItsSecondLine() {
    assertError(
        "exp.yaml:12: training.steps: is given twice; keep one",
        SMALL + "training:\n  steps: 5\n  steps: 5\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"training: {steps: 5", "training:\n\tsteps: 5", "a: b: c", "- 1\nb: 2"})
  void malformedYaml_isNamedInOneLine(String yaml) {
    assertThatThrownBy(() -> load("version: 1\n" + yaml))
        .isInstanceOf(InvalidConfigException.class)
        .message()
        .matches(".*exp.yaml:[23]: is not valid YAML: [^\n]+");
  }

  @Test
  void malformedYaml_ofAnOverrideStandsAtTheOption() {
    assertThatThrownBy(() -> load(SMALL, "training.steps=[1"))
        .message()
        .matches("--set training.steps: is not valid YAML: [^\n]+");
    assertError("--set training.steps: must be of the form key=value", SMALL, "training.steps");
    assertError("--set: must be of the form key=value", SMALL, "=5");
  }

  @Test
  void anchorsTagsAndDocuments_areRefused() {
    String anchor = "uses a YAML anchor (& or *), which is not supported; write the value out";
    assertError("exp.yaml:4: model: " + anchor, SMALL.replace("model:", "model: &m"));
    assertError("exp.yaml:2: name: " + anchor, SMALL.replace("small", "*n"));
    assertError(
        "exp.yaml:2: name: has the YAML tag 'thing'; leave it out",
        SMALL.replace("small", "!thing small"));
    assertError(
        "exp.yaml:11: holds a second YAML document; keep one", SMALL + "---\nname: other\n");
  }

  @Test
  void version_isRequiredAndChecked() {
    assertError("exp.yaml:1: has no version; add 'version: 1'", SMALL.replace("version: 1\n", ""));
    assertThat(messages("version: 2\nnews: 5\n"))
        .containsExactly("exp.yaml:1: version: this program reads 1, but it is '2'");
    assertError(
        "exp.yaml:1: version: this program reads 1, but it is '2'",
        SMALL.replace("version: 1\n", "version: 2\nnews: 5\n"));
  }

  /** One error more in a file tells of it in the same round. */
  @Test
  void versionThatIsMissing_isToldWithAllOtherErrors() {
    String unversioned = SMALL.replace("version: 1\nname: small\n", "");
    assertThat(messages(unversioned + "training:\n  steps: 0\n"))
        .containsExactly(
            "exp.yaml:1: has no version; add 'version: 1'",
            "exp.yaml:9: training.steps: steps must be at least 1: 0",
            "exp.yaml:1: name: is missing, and has no default");
    assertThat(messages(""))
        .startsWith("exp.yaml:1: has no version; add 'version: 1'")
        .contains("exp.yaml:1: name: is missing, and has no default");
  }

  @Test
  void file_isNoConfig() throws IOException {
    assertError("exp.yaml:1: must hold keys with values, but is 'hello'", "hello");
    Path latin1 = Files.write(folder.resolve("l1"), "é".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> ConfigLoader.load(latin1, List.of(), Experiment.class))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(latin1 + ": is not text in UTF-8");
    Path absent = folder.resolve("absent.yaml");
    assertThatThrownBy(() -> ConfigLoader.load(absent, List.of(), Experiment.class))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(absent + ": there is no such file");
  }

  @Test
  void file_withAMistypedNameIsRecognised() throws IOException {
    Path meant = Files.writeString(folder.resolve("quickstart.yaml"), SMALL);
    Path mistyped = folder.resolve("quickstart.yml");
    assertThatThrownBy(() -> ConfigLoader.load(mistyped, List.of(), Experiment.class))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(mistyped + ": there is no such file; did you mean " + meant + "?");
  }
}
