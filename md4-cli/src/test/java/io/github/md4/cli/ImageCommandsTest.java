// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.token.TokenFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images through the commands: prepared, trained on by the config for a CPU, scored, refused. */
@Tag("exact")
final class ImageCommandsTest {
  private static final int IMAGES = 40;
  private static final int SIDE = 28;

  /** Where the configs are, from a module's folder. */
  private static final Path CONFIGS = Path.of("..", "configs");

  @TempDir private Path folder;
  private Path data;

  /** A sixteenth of the pixels, for what needs no more. */
  @BeforeEach
  void prepare() throws IOException {
    data = folder.resolve("data");
    Ran ran = prepared("--size", "7");
    assertThat(ran.account())
        .isEqualTo("next: md4 config init %s --out data.yaml\n".formatted(data));
    assertThat(ran.out())
        .contains("images    7x7x1, 0 damaged ones left out")
        .contains("classes   10: 0 1 2 3 4 5 6 7 8 9")
        .contains("train     40 images, " + data.resolve("train.bin"));
  }

  private Ran prepared(Object... more) throws IOException {
    return md4(with(
            new Object[] {
              "data",
              "images",
              "--replace",
              "--out",
              data,
              "--from",
              idx("train", IMAGES),
              "--labels",
              labels("train-labels", IMAGES),
              "--test",
              idx("test", 20),
              "--test-labels",
              labels("test-labels", 20)
            },
            more))
        .succeeded();
  }

  /** A bright square whose place tells the label. */
  private Path idx(String name, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16 + count * SIDE * SIDE);
    bytes.putInt(0x00000803).putInt(count).putInt(SIDE).putInt(SIDE);
    for (int image = 0; image < count; image++) {
      for (int pixel = 0; pixel < SIDE * SIDE; pixel++) {
        boolean isIn = pixel / SIDE / 4 == image % 10 / 2 && pixel % SIDE / 10 == image % 2;
        bytes.put((byte) (isIn ? 250 : 0));
      }
    }
    return Files.write(folder.resolve(name), bytes.array());
  }

  private Path labels(String name, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + count).putInt(0x00000801).putInt(count);
    for (int image = 0; image < count; image++) {
      bytes.put((byte) (image % 10));
    }
    return Files.write(folder.resolve(name), bytes.array());
  }

  /** {@code configs/mnist-tiny.yaml}, for a few steps on this data. */
  private Ran train(String run, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--device", "cpu", "--config"));
    words.add(CONFIGS.resolve("mnist-tiny.yaml"));
    for (String set :
        new String[] {
          "model.length=49",
          "model.network.image=7x7x1",
          "run=" + folder.resolve(run),
          "data.train=" + data.resolve("train.bin"),
          "data.evaluate=[" + data.resolve("test.bin") + "]",
          "training.steps=6",
          "training.batchSize=4",
          "training.microBatch=4",
          "training.learningRate.warmUp=2",
          "training.logEvery=2",
          "evaluation.chunks=8",
          "sampling.count=12",
          "sampling.steps=3"
        }) {
      words.add("--set");
      words.add(set);
    }
    words.addAll(List.of(more));
    return md4(words.toArray());
  }

  private List<Double> losses(String run) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve(run).resolve("metrics.jsonl"))) {
      return lines
          .map(line -> JsonParser.parseString(line).getAsJsonObject())
          .filter(line -> line.get("split").getAsString().equals("train"))
          .map(line -> line.get("bitsPerToken").getAsDouble())
          .toList();
    }
  }

  @Test
  void train_learnsAndShowsItsSamples() throws IOException {
    assertThat(prepared().out()).contains("images    28x28x1");
    Ran ran =
        train(
                "run",
                "--set",
                "model.length=784",
                "--set",
                "model.network.image=28x28x1",
                "--set",
                "training.steps=12")
            .succeeded();
    assertThat(ran.out()).contains("step 12: test, ema weights: ");
    assertThat(ran.account())
        .contains("step 12: samples: " + folder.resolve("run/samples/step-12.png") + "\n");
    String names = "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]";
    assertThat(folder.resolve("run/model/classes.json")).content().contains(names);
    assertThat(folder.resolve("run/checkpoints/step-12/classes.json")).content().contains(names);
    List<Double> losses = losses("run");
    assertThat(losses.get(0)).isLessThan(9);
    assertThat(losses.get(5)).isLessThan(losses.get(0) - 1);
    BufferedImage grid = ImageIO.read(folder.resolve("run/samples/step-12.png").toFile());
    int scale = 4;
    assertThat(grid.getWidth()).isEqualTo(4 * (SIDE * scale + 1) + 1);
    assertThat(grid.getHeight()).isEqualTo(3 * (SIDE * scale + 1) + 1);
  }

  @Test
  void resume_isTheRunThatWasNeverStopped() throws IOException {
    String[] twoCheckpoints = {
      "--set",
      "checkpoints.every=4",
      "--set",
      "checkpoints.keepLast=2",
      "--set",
      "evaluation.every=2"
    };
    train("whole", twoCheckpoints).check();
    train("parts", twoCheckpoints).check();
    Path parts = folder.resolve("parts");
    AtomicWrite.delete(parts.resolve("checkpoints/step-6"));
    AtomicWrite.delete(parts.resolve("model"));
    train(
            "parts",
            Stream.concat(Stream.of(twoCheckpoints), Stream.of("--resume")).toArray(String[]::new))
        .check();
    assertThat(losses("parts")).isEqualTo(losses("whole"));
    String weights = "model/model.safetensors";
    assertThat(parts.resolve(weights))
        .hasSameBinaryContentAs(folder.resolve("whole").resolve(weights));
  }

  @Test
  void evaluate_givesBitsPerDimensionOnEitherAxis() {
    train("run").check();
    Path model = folder.resolve("run");
    Path test = data.resolve("test.bin");
    Ran ran = md4("evaluate", "--device", "cpu", "--model", model, "--data", test).succeeded();
    assertThat(ran.out()).startsWith("bits per dimension  ").contains(" +- ");
    JsonObject discrete =
        JsonParser.parseString(
                md4(
                        "evaluate",
                        "--device",
                        "cpu",
                        "--model",
                        model,
                        "--data",
                        test,
                        "--steps",
                        "10",
                        "--json")
                    .succeeded()
                    .out())
            .getAsJsonObject();
    assertThat(discrete.get("unit").getAsString()).isEqualTo("dimension");
    assertThat(discrete.get("bitsPerToken").getAsDouble()).isBetween(0.1, 8.0);
  }

  private Ran sample(Object... more) {
    Object[] words = {"sample-images", "--device", "cpu", "--model", folder.resolve("run")};
    return md4(with(words, more));
  }

  private int[] tokens(Path bin) throws IOException {
    try (TokenFile tokens = TokenFile.open(bin)) {
      tokens.verify();
      return tokens.read(0, Math.toIntExact(tokens.length()));
    }
  }

  /** A file with labels beside it; each image depends on its index alone. */
  @Test
  void sampleImages_writesTokensLabelsAndPictures() throws IOException {
    train("run", "--set", "training.steps=20", "--set", "sampling.count=0").check();
    Path four = folder.resolve("four.bin");
    Path grid = folder.resolve("grid.png");
    Object[] common = {"--weights", "raw", "--steps", "4", "--labels", "7,2", "--seed", "5"};
    sample(with(common, "--count", "4", "--out", four, "--png", grid)).check();
    assertThat(tokens(four)).hasSize(4 * 49);
    assertThat(tokens(folder.resolve("four.labels.bin"))).containsExactly(7, 7, 2, 2);
    assertThat(ImageIO.read(grid.toFile()).getWidth()).isEqualTo(2 * (7 * 4 + 1) + 1);
    Path again = folder.resolve("again.bin");
    sample(with(common, "--count", "4", "--out", again, "--batch-size", "1")).check();
    assertThat(tokens(again)).isEqualTo(tokens(four));
    sample(with(common, "--count", "4", "--out", again, "--guidance", "10000")).check();
    assertThat(tokens(again)).isNotEqualTo(tokens(four));
    Path animation = folder.resolve("a.png");
    Path trace = folder.resolve("a.ndjson");
    sample("--count", "2", "--steps", "4", "--animate", animation, "--trace", trace).check();
    Path page = folder.resolve("a.html");
    md4("trace", trace, "--html", page).check();
    assertThat(Files.readString(page)).contains("\"image\":[7,7,1]", "\"sample\":1");
    md4("trace", trace).failed(ExitCodes.USAGE, "a trace of images requires --html or --plot");
    assertThat(Files.size(animation)).isGreaterThan(1000);
    assertThat(ImageIO.read(animation.toFile()).getRaster().getSample(1, 1, 0))
        .as("the first frame is masked")
        .isEqualTo(128);
  }

  /** What the mask does not name is kept, and what it names is drawn. */
  @Test
  void sampleImages_infillsWhatTheMaskNames() throws IOException {
    train("run", "--set", "training.steps=3", "--set", "sampling.count=0").check();
    BufferedImage picture = new BufferedImage(7, 7, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage holes = new BufferedImage(7, 7, BufferedImage.TYPE_BYTE_GRAY);
    for (int n = 0; n < 49; n++) {
      picture.getRaster().setSample(n % 7, n / 7, 0, 3 * n + 1);
      holes.getRaster().setSample(n % 7, n / 7, 0, n / 7 >= 3 ? 255 : 0);
    }
    Path from = folder.resolve("picture.png");
    Path mask = folder.resolve("mask.png");
    assertThat(ImageIO.write(picture, "png", from.toFile())).isTrue();
    assertThat(ImageIO.write(holes, "png", mask.toFile())).isTrue();
    Path out = folder.resolve("infilled.bin");
    sample("--count", "3", "--steps", "4", "--out", out, "--infill", from, "--mask", mask).check();
    int[] tokens = tokens(out);
    int changed = 0;
    for (int i = 0; i < tokens.length; i++) {
      int n = i % 49;
      if (n < 21) {
        assertThat(tokens[i]).isEqualTo(3 * n + 1);
      } else {
        changed += tokens[i] == 3 * n + 1 ? 0 : 1;
      }
    }
    assertThat(changed).isGreaterThan(60);
    Path black = folder.resolve("black.png");
    assertThat(
            ImageIO.write(
                new BufferedImage(7, 7, BufferedImage.TYPE_BYTE_GRAY), "png", black.toFile()))
        .isTrue();
    sample("--count", "1", "--out", out, "--infill", from, "--mask", black)
        .failed(ExitCodes.USAGE, "--mask has no value of 128 or more");
    Path wide = folder.resolve("wide.png");
    assertThat(
            ImageIO.write(
                new BufferedImage(8, 7, BufferedImage.TYPE_BYTE_GRAY), "png", wide.toFile()))
        .isTrue();
    sample("--count", "1", "--out", out, "--infill", wide, "--mask", mask)
        .failed(ExitCodes.DATA, "wide.png: must be a picture of 7x7x1: 7x8x1");
    sample("--count", "1", "--out", out, "--infill", from)
        .failed(ExitCodes.USAGE, "--infill and --mask must be given together");
    sample("--count", "1")
        .failed(ExitCodes.USAGE, "one of --png, --out, --animate and --trace is required");
    sample("--count", "1", "--out", out, "--labels", "10")
        .failed(ExitCodes.USAGE, "a whole number from 0 to 9: 10; the 10 classes are: 0, 1, 2");
    md4("sample", "--model", folder.resolve("run"), "--count", "1", "--device", "cpu")
        .failed(ExitCodes.DATA, "is a model of images; use md4 sample-images");
  }

  @Test
  void imagesForATextConfig_areOneLine() {
    train(
            "run",
            "--set",
            "model.network={kind: transformer, headWidth: 4, heads: 1, keyValueHeads: 1, layers: 1}")
        .failed(
            ExitCodes.DATA,
            "train.bin: holds images of 7x7x1, but model.network takes text",
            "unet, uvit, dit");
  }

  @Test
  void imagesOfAnotherSize_areOneLine() {
    train("run", "--set", "model.network.image=7x1x7")
        .failed(ExitCodes.DATA, "holds images of 7x7x1, but model.network takes images of 7x1x7");
  }

  @Test
  void textForAnImageConfig_isOneLine() throws IOException {
    Path text = Files.writeString(folder.resolve("t.txt"), "abc ".repeat(900));
    Path out = folder.resolve("text");
    md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", out).check();
    train("run", "--set", "data.train=" + out.resolve("train.bin"))
        .failed(ExitCodes.DATA, "holds 4 characters", "prepare them with md4 data images");
  }

  @Test
  void labelsThatDoNotFit_areOneLine() throws IOException {
    train("run", "--set", "model.network.condition.classes=11")
        .failed(ExitCodes.DATA, "has 10 classes, but model.network takes 11");
    Files.delete(data.resolve("train.labels.bin"));
    train("run").failed(ExitCodes.DATA, "has no file of labels beside it (train.labels.bin)");
  }

  @Test
  void length_mustBeTheImages() {
    train("run", "--set", "model.length=256")
        .failed(
            ExitCodes.USAGE,
            "model.length",
            "length must be that of the network's image, 49 for 7x7x1: 256");
  }

  @Test
  void kind_ofNetworkIsNamedWhereUnknown() {
    train("run", "--set", "model.network.kind=resnet")
        .failed(
            ExitCodes.USAGE,
            "must be one of transformer, gaussian-transformer, unet, uvit, dit, gpt2, ddit, llama, but"
                + " is 'resnet'");
  }

  @Test
  void data_saysWhichPicturesAreLeftOut() throws IOException {
    Path root = folder.resolve("root");
    Files.createDirectories(root.resolve("a"));
    Files.createDirectories(root.resolve("b"));
    BufferedImage picture = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
    picture.setRGB(1, 2, 0x102030); // a colour
    assertThat(ImageIO.write(picture, "png", root.resolve("a/1.png").toFile())).isTrue();
    assertThat(ImageIO.write(picture, "png", root.resolve("b/2.png").toFile())).isTrue();
    Files.write(root.resolve("b/3.png"), new byte[] {1, 2});
    Path out = folder.resolve("pictures");
    Ran ran = md4("data", "images", "--from", root, "--fractions", "1,0", "--out", out, "--json");
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).startsWith("md4: skipped ").contains("b/3.png: ").hasLineCount(1);
    assertThat(ran.json().at("/image").asText()).isEqualTo("4x6x3");
    assertThat(ran.json().at("/skipped").asInt()).isEqualTo(1);
    assertThat(ran.json().at("/splits/0/images").asInt()).isEqualTo(2);
    try (TokenFile tokens = TokenFile.open(out.resolve("train.bin"))) {
      tokens.verify();
    }
    Ran strict =
        md4("data", "images", "--from", root, "--out", folder.resolve("x"), "--skip-limit", "0");
    assertThat(strict.code()).isEqualTo(ExitCodes.DATA);
    assertThat(strict.err()).contains("damaged images are 1, more than may be skipped (0)");
  }

  @Test
  void data_refusesOptionsThatDoNotGoTogether() {
    Object[] words = {"data", "images", "--from", folder.resolve("train"), "--out", data};
    assertThat(md4(with(words, "--crop")).code()).isEqualTo(ExitCodes.USAGE);
    assertThat(md4(with(words, "--size", "4x5", "--crop")).err())
        .contains("--crop needs a square --size");
    assertThat(md4(with(words, "--size", "big")).err())
        .contains("a size must be written like 64 or 48x64, rows first: big");
    assertThat(md4(with(words, "--colours", "2")).err()).contains("colours must be 1 or 3: 2");
    md4(words).failed(ExitCodes.DATA, "exists already");
  }

  private static Object[] with(Object[] words, Object... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray();
  }
}
