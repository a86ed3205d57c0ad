// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images trained on, sampled and compared by several processes and in parts. */
@Tag("slow")
@Timeout(120)
final class ImagePartsTest {
  private static final int SIDE = 6;
  private static final int IMAGES = 24;

  /** Sums of another order differ in their last bits alone. */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    ByteBuffer pixels = ByteBuffer.allocate(16 + IMAGES * SIDE * SIDE);
    ByteBuffer labels = ByteBuffer.allocate(8 + IMAGES).putInt(0x00000801).putInt(IMAGES);
    pixels.putInt(0x00000803).putInt(IMAGES).putInt(SIDE).putInt(SIDE);
    for (int image = 0; image < IMAGES; image++) {
      labels.put((byte) (image % 2));
      for (int pixel = 0; pixel < SIDE * SIDE; pixel++) {
        pixels.put((byte) (pixel % 2 == image % 2 ? 200 + image : image));
      }
    }
    Path file = Files.write(folder.resolve("pixels"), pixels.array());
    Path ofImages = Files.write(folder.resolve("labels"), labels.array());
    data = folder.resolve("data");
    Ran.md4(
            Ran.words(
                "data images --fractions 0.7,0.3 --from",
                file,
                "--labels",
                ofImages,
                "--out",
                data))
        .check();
  }

  /** {@code configs/mnist-tiny.yaml}, for a few steps on this data. */
  private Path train(int processes, String name, String... more) throws Exception {
    Path run = folder.resolve(name);
    List<Object> words = new ArrayList<>(List.of("train", "--device", "cpu", "--config"));
    words.add(Path.of("..", "configs", "mnist-tiny.yaml").toAbsolutePath().normalize());
    for (String set :
        new String[] {
          "model.length=36",
          "model.network.image=6x6x1",
          "model.network.condition.classes=2",
          "run=" + run,
          "data.train=" + data.resolve("train.bin"),
          "data.evaluate=[" + data.resolve("valid.bin") + "]",
          "training.steps=6",
          "training.batchSize=4",
          "training.microBatch=2",
          "training.learningRate.warmUp=2",
          "training.logEvery=1",
          "evaluation.chunks=5",
          "evaluation.batchSize=2",
          "sampling.count=3",
          "sampling.steps=3"
        }) {
      words.add("--set");
      words.add(set);
    }
    words.addAll(List.of(more));
    Ran ran = Launched.md4(processes, words.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    return run;
  }

  @Test
  void train_isTheSameByTwoProcesses_alsoInShards() throws Exception {
    Path one = train(1, "one");
    List<Double> losses = RunLosses.of(one);
    String[] sharded = {"--set", "parallel.shardOptimizer=true"};
    for (Path two : List.of(train(2, "two"), train(2, "sharded", sharded))) {
      List<Double> others = RunLosses.of(two);
      assertThat(others).hasSameSizeAs(losses).hasSizeGreaterThan(6);
      for (int i = 0; i < losses.size(); i++) {
        assertThat(others.get(i)).as("loss " + i).isCloseTo(losses.get(i), within(TOLERANCE));
      }
      assertThat(two.resolve("samples/step-6.png"))
          .hasSameBinaryContentAs(one.resolve("samples/step-6.png"));
    }
  }

  /** Returns what a command prints and writes by itself, and checks that its parts do the same. */
  private void check(List<Object> words, Path... files) throws Exception {
    Ran one = Ran.md4(words.toArray());
    assertThat(one.code()).as(one.err()).isZero();
    List<byte[]> expected = contents(files);
    for (int count = 2; count <= 4; count++) {
      List<Object> merge = new ArrayList<>(List.of("merge"));
      for (int index = count; index >= 1; index--) {
        Path part = folder.resolve("%d-%d.part".formatted(index, count));
        Object[] ofPart = {"--part", index + "/" + count, "--part-out", part};
        Ran ran = Ran.md4(Stream.concat(words.stream(), Stream.of(ofPart)).toArray());
        assertThat(ran.code()).as(ran.err()).isZero();
        merge.add(part);
      }
      check(one, expected, Ran.md4(merge.toArray()), files);
    }
    check(one, expected, Launched.md4(3, words.toArray()), files);
  }

  private static void check(Ran one, List<byte[]> expected, Ran other, Path... files)
      throws IOException {
    assertThat(other.code()).as(other.err()).isZero();
    assertThat(other.out()).isEqualTo(one.out());
    List<byte[]> found = contents(files);
    for (int i = 0; i < files.length; i++) {
      assertThat(found.get(i)).as(files[i].toString()).isEqualTo(expected.get(i));
    }
  }

  /** Returns the contents of files and removes them. */
  private static List<byte[]> contents(Path... files) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) {
      contents.add(Files.readAllBytes(file));
      Files.delete(file);
    }
    return contents;
  }

  @Test
  void sampleImages_isTheSameInPartsAndByProcesses() throws Exception {
    Path run = train(1, "run");
    Path out = folder.resolve("drawn.bin");
    Path png = folder.resolve("drawn.png");
    List<Object> words = new ArrayList<>(List.of("sample-images", run, "--device", "cpu"));
    words.addAll(List.of("--count", 7, "--steps", 3, "--batch-size", 2, "--png", png));
    words.addAll(List.of("--out", out));
    check(words, png, out, folder.resolve("drawn.json"), folder.resolve("drawn.labels.bin"));
  }

  @Test
  void fid_isTheSameInPartsAndByProcesses() throws Exception {
    List<Object> words = new ArrayList<>(List.of("evaluate", "fid", "--device", "cpu", "--json"));
    words.addAll(List.of("--samples", FidCommandTest.images(folder, "samples", 51)));
    words.addAll(List.of("--reference", FidCommandTest.images(folder, "reference", 0)));
    words.addAll(List.of("--features", FidCommandTest.classifier(folder), "--batch-size", 7));
    check(words);
  }
}
