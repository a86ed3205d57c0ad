// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.github.md4.sample.djl.Md4TranslatorFactory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder through DJL's Criteria. */
@Tag("exact")
final class CriteriaTest {
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    TinyModelFolder.write(folder);
  }

  private <I, O> Criteria<I, O> criteria(Class<I> input, Class<O> output) {
    return Criteria.builder()
        .setTypes(input, output)
        .optModelPath(folder)
        .optEngine("MD4")
        .optTranslatorFactory(new Md4TranslatorFactory())
        .optArgument("steps", 20)
        .optArgument("seed", 5)
        .build();
  }

  @Test
  void predictor_fillsABatchAsTheModelDoes() throws Exception {
    List<String> templates = List.of("ca[MASK*3] b", "[MASK*]", "[MASK]a");
    try (ZooModel<String, String> zoo = criteria(String.class, String.class).loadModel();
        Predictor<String, String> predictor = zoo.newPredictor();
        MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      List<InitialSequence> sequences =
          List.of(
              model.template(templates.get(0), 0),
              model.template(templates.get(1), 1),
              model.template(templates.get(2), 2));
      SamplingOptions options = SamplingOptions.defaults().steps(20).seed(5);
      List<String> expected =
          model.generate(sequences, options, SamplingListener.none()).stream()
              .map(Sample::text)
              .toList();
      assertThat(predictor.batchPredict(templates)).isEqualTo(expected);
      assertThat(predictor.predict(templates.get(0))).isEqualTo(expected.get(0));
      assertThatThrownBy(() -> predictor.predict("xyz"))
          .isInstanceOf(TranslateException.class)
          .hasMessageStartingWith("not in the vocabulary: 'x'");
    }
  }

  @Test
  void predictor_answersServing() throws Exception {
    try (ZooModel<Input, Output> zoo = criteria(Input.class, Output.class).loadModel();
        Predictor<Input, Output> predictor = zoo.newPredictor()) {
      Input request = new Input();
      request.add("ca[MASK*3] b");
      Output response = predictor.predict(request);
      assertThat(response.getData().getAsString()).matches("ca[abc \\[\\]]{3} b");
      assertThat(response.getProperty("seed", "")).isEqualTo("5");
    }
  }

  /** What a worker of DJL Serving does with the serving.properties of docs/djl.md. */
  @Test
  void servingProperties_nameTheModel() throws Exception {
    Properties file = new Properties();
    file.load(
        new StringReader(
            """
            engine=MD4
            translatorFactory=io.github.md4.sample.djl.Md4TranslatorFactory
            steps=20
            seed=5
            option.precision=float32
            batch_size=16
            """));
    Criteria.Builder<Input, Output> worker =
        Criteria.builder()
            .setTypes(Input.class, Output.class)
            .optModelPath(folder)
            .optEngine(file.getProperty("engine"));
    for (String key : file.stringPropertyNames()) {
      if (key.startsWith("option.")) {
        worker.optOption(key.substring("option.".length()), file.getProperty(key));
      } else {
        worker.optArgument(key, file.getProperty(key));
      }
    }
    try (ZooModel<Input, Output> zoo = worker.build().loadModel();
        Predictor<Input, Output> predictor = zoo.newPredictor()) {
      Input request = new Input();
      request.add("ca[MASK*3] b");
      List<Output> responses = predictor.batchPredict(List.of(request, request));
      assertThat(responses).hasSize(2);
      assertThat(responses.get(0).getData().getAsString()).matches("ca[abc \\[\\]]{3} b");
      assertThat(responses.get(0).getProperty("seed", "")).isEqualTo("5");
    }
  }

  @Test
  void engine_isNotTheDefault() {
    assertThat(Engine.getAllEngines()).contains("MD4");
    assertThat(Engine.getInstance().getEngineName()).isEqualTo("PyTorch");
  }
}
