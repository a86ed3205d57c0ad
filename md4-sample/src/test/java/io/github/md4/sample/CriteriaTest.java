// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.repository.LocalRepository;
import ai.djl.repository.Repository;
import ai.djl.repository.SimpleRepository;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.github.md4.sample.djl.Md4TranslatorFactory;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
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

  private static Block linear() {
    return Linear.builder().setUnits(1).build();
  }

  private static Criteria<String, String> bare(Path path) {
    return Criteria.builder().setTypes(String.class, String.class).optModelPath(path).build();
  }

  /** The path alone: a model, a checkpoint and a run, under a name with a blank. */
  @Test
  void path_isEnough() throws Exception {
    Path run = folder.resolve("a run");
    Path checkpoint = run.resolve("checkpoints/step-3");
    TinyModelFolder.write(Files.createDirectories(checkpoint));
    TinyModelFolder.write(Files.createDirectories(run.resolve("model")));
    for (Path path : List.of(folder, checkpoint, run)) {
      try (ZooModel<String, String> zoo = bare(path).loadModel();
          Predictor<String, String> predictor = zoo.newPredictor()) {
        assertThat(predictor.predict("ca[MASK*3] b")).matches("ca[abc \\[\\]]{3} b");
        assertThat(zoo.getNDManager().getEngine().getEngineName()).isEqualTo("PyTorch");
      }
    }
  }

  /** What a Criteria names goes before what the folder is. */
  @Test
  void path_leavesOptionsToCriteria() throws Exception {
    Criteria<String, String> criteria =
        Criteria.builder()
            .setTypes(String.class, String.class)
            .optModelPath(folder)
            .optArgument("steps", 20)
            .optArgument("seed", 5)
            .build();
    try (ZooModel<String, String> zoo = criteria.loadModel();
        ZooModel<String, String> named = criteria(String.class, String.class).loadModel();
        Predictor<String, String> predictor = zoo.newPredictor();
        Predictor<String, String> expected = named.newPredictor()) {
      assertThat(predictor.predict("[MASK*]")).isEqualTo(expected.predict("[MASK*]"));
    }
    assertThatThrownBy(
            () ->
                Criteria.builder()
                    .setTypes(String.class, String.class)
                    .optModelPath(folder)
                    .optEngine("PyTorch")
                    .build()
                    .loadModel())
        .isInstanceOf(FileNotFoundException.class);
  }

  /** Other models of this machine load as they do without this library on the class path. */
  @Test
  void path_ofAnotherModelIsDjls() throws Exception {
    Path other = Files.createDirectories(folder.resolve("other/deep"));
    try (Model model = Model.newInstance("ten", "PyTorch");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(linear());
      model.getBlock().initialize(manager, DataType.FLOAT32, new Shape(1));
      model.save(other, "ten");
    }
    Criteria<NDList, NDList> criteria =
        Criteria.builder()
            .setTypes(NDList.class, NDList.class)
            .optModelPath(other)
            .optModelName("ten")
            .optBlock(linear())
            .build();
    try (ZooModel<NDList, NDList> zoo = criteria.loadModel();
        Predictor<NDList, NDList> predictor = zoo.newPredictor();
        NDManager manager = NDManager.newBaseManager()) {
      NDList out = predictor.predict(new NDList(manager.create(new float[] {3})));
      assertThat(out.singletonOrThrow().getShape()).isEqualTo(new Shape(1));
    }
    // The checkpoints of another program do not make a folder a run.
    Files.createDirectories(other.resolve("checkpoints/step-3"));
    try (ZooModel<NDList, NDList> zoo = criteria.loadModel()) {
      assertThat(zoo.getBlock()).isInstanceOf(Linear.class);
    }
    assertThatThrownBy(() -> bare(folder.resolve("absent")).loadModel())
        .isInstanceOf(ModelNotFoundException.class);
  }

  /** Below the folder is a repository of DJL's: a metadata.json for each group of its models. */
  @Test
  void path_ofARepositoryIsDjls() throws Exception {
    Path group = folder.resolve("models/model/undefined/ai/djl/one");
    String metadata =
        "{\"metadataVersion\": \"0.2\", \"groupId\": \"ai.djl\", \"artifactId\": \"one\","
            + " \"artifacts\": []}";
    Files.writeString(Files.createDirectories(group).resolve("metadata.json"), metadata);
    Repository models = Repository.newInstance("models", folder.resolve("models").toString());
    assertThat(models).isInstanceOf(LocalRepository.class);
    assertThat(models.getResources()).hasSize(1);
    Repository broken = Repository.newInstance("broken", group.toString());
    assertThat(broken).isInstanceOf(SimpleRepository.class); // one model: the file is its own
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
