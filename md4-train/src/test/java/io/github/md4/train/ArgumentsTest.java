// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.md4.core.noise.Noise;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.character.PlainText;
import io.github.md4.train.data.character.TextVocabulary;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.image.ImageData;
import io.github.md4.train.data.image.ImageOrder;
import io.github.md4.train.data.image.Resize;
import io.github.md4.train.data.packing.DocumentSplit;
import io.github.md4.train.data.packing.DocumentTokens;
import io.github.md4.train.data.packing.TokenPacking;
import io.github.md4.train.data.packing.VocabularyChoice;
import io.github.md4.train.data.window.MemoryWindows;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.data.zeroshot.Protocol;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.MovingAverage;
import io.github.md4.train.optimizer.SpikeGuard;
import io.github.md4.train.parallel.Claims;
import io.github.md4.train.parallel.Job;
import io.github.md4.train.parallel.ParallelConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checks of arguments that the comments of the public types promise. */
final class ArgumentsTest {

  static Stream<Record> configs() {
    TrainingConfig training = TrainingConfig.defaults();
    return Stream.of(
        training,
        training.batching(),
        training.computation(),
        training.optimization(),
        training.optimization().learningRate(),
        training.powers(),
        training.reporting(),
        new RunFolder(Path.of("run")),
        new WarmStart.Model(Path.of("model")),
        new SpikeGuard.Skip(SpikeGuard.Bounds.defaults()),
        new SpikeGuard.Rollback(SpikeGuard.Bounds.defaults()),
        ParallelConfig.defaults(),
        Job.alone(),
        Claims.of("1", "config", "data"),
        new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE),
        new DocumentTokens.Options(
            new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE),
            new VocabularyChoice.CharactersOfText(),
            new TokenPacking.Stream(new DocumentSplit.One("train")),
            Existing.REFUSE),
        new PlainText.Options(TextVocabulary.BYTES, SplitFractions.STANDARD, Existing.REFUSE),
        new DocumentSplit.ByShare(SplitFractions.STANDARD, 1),
        new TokenPacking.Stream(new DocumentSplit.One("train")),
        new TokenPacking.FineWeb(2, 1, new DocumentSplit.One("train")),
        Protocol.MD4,
        new ImageData.Options(
            new Resize.None(),
            1,
            SplitFractions.STANDARD,
            new ImageOrder.AsGiven(),
            0,
            Existing.REFUSE));
  }

  @ParameterizedTest
  @MethodSource("configs")
  void config_rejectsANullInPlaceOfEachComponent(Record config) throws Exception {
    RecordComponent[] components = config.getClass().getRecordComponents();
    Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    for (int i = 0; i < components.length; i++) {
      if (!types[i].isPrimitive()) {
        Object[] values = new Object[components.length];
        for (int k = 0; k < values.length; k++) {
          values[k] = k == i ? null : components[k].getAccessor().invoke(config);
        }
        Throwable thrown =
            catchThrowable(
                () -> config.getClass().getDeclaredConstructor(types).newInstance(values));
        assertThat(thrown)
            .as("%s of %s", components[i].getName(), config.getClass().getSimpleName())
            .isInstanceOf(InvocationTargetException.class)
            .cause()
            .isInstanceOf(NullPointerException.class)
            .hasMessage(components[i].getName());
      }
    }
  }

  static Stream<ThrowingCallable> wrongCadences() {
    Cadence good = Cadence.atTheEnd();
    return Stream.of(
        () -> good.evaluateEvery(-1),
        () -> good.checkpointEvery(-1),
        () -> good.keepLast(0),
        () -> good.keepEvery(-1));
  }

  @ParameterizedTest
  @MethodSource("wrongCadences")
  void cadence_rejectsNumbersOutOfRange(ThrowingCallable wrong) {
    assertThatIllegalArgumentException().isThrownBy(wrong).withMessageContaining("must be at");
  }

  @Test
  void checkpoints_rejectNumbersOutOfRange(@TempDir Path folder) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Checkpoints(folder, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Checkpoints(folder, 1, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Checkpoints(folder, 1, 0).write(-1, content -> {}))
        .withMessage("step must be at least 0: -1");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void exampleBatch_rejectsNumbersOfExamplesThatDiffer() {
    int[][] x = {{1, 2}, {0, 1}};
    int[] labels = {-1, -1};
    double[] v = {0.1, 0.6};
    double[][] u = {{0.1, 0.2}, {0.3, 0.4}};
    assertThat(new ExampleBatch(x, labels, v, u).batchSize()).isEqualTo(2);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new ExampleBatch(new int[0][], new int[0], new double[0], new double[0][]));
    assertThatIllegalArgumentException().isThrownBy(() -> new ExampleBatch(x, new int[1], v, u));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ExampleBatch(x, labels, Arrays.copyOf(v, 1), u));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ExampleBatch(x, labels, v, Arrays.copyOf(u, 1)));
  }

  @Test
  void batches_rejectANegativeStep() {
    Windows windows =
        new MemoryWindows(MemoryWindows.content(List.of(new int[] {0, 1}), new int[0]), 1);
    Batches batches = new Batches(windows, new Noise(1), Batching.of(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batches.of(-1))
        .withMessage("step must be at least 0: -1");
  }

  @Test
  void startShare_rejectsANegativeNumberOfUpdates() {
    assertThatIllegalArgumentException().isThrownBy(() -> MovingAverage.defaults().startShare(-1));
  }
}
