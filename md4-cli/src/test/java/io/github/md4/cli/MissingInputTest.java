// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every option and argument that is read, of every command, where there is nothing, an empty file
 * or an empty folder: one line that names it, and the exit code of wrong data, or of a wrong config
 * for one.
 */
@Tag("exact")
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
final class MissingInputTest {
  @TempDir private static Path folder;
  @TempDir private Path out;

  /** Beside those of {@link FolderOrPipeTest}; NAME is what is not as it must be. */
  private static final String MORE =
      """
      bench evaluate --config NAME.yaml
      bench model --device cpu --model NAME.model
      bench sample --config NAME.yaml --steps 2
      bench train --config NAME.yaml
      bench train --device cpu --config CONFIG --steps 2 --warm-up 1 --vocabulary 9 --compare NAME.json
      config init NAME.data --out OUT.yaml
      data images --out OUT --from IMAGES --labels NAME.idx
      data images --out OUT --from NAME.idx
      data images --out OUT --from IMAGES --test NAME.idx
      data images --out OUT --from IMAGES --labels LABELS --test IMAGES --test-labels NAME.idx
      data text8 --out OUT --from NAME.zip
      evaluate --device cpu NAME.model DATA
      evaluate --device cpu MODEL NAME.bin
      evaluate --device cpu MODEL DATA --compare NAME.model
      evaluate --device cpu --data DATA --watch NAME.run
      evaluate --device cpu MODEL --suite zero-shot --data-dir NAME.dir
      evaluate --device cpu --data DATA --model NAME.model --losses OUT.csv
      evaluate answers --device cpu --model NAME.model --from SCORED
      evaluate answers --device cpu --model MODEL --from NAME.jsonl
      evaluate fid --device cpu --samples NAME.bin --reference PICTURES --features CLASSIFIER
      evaluate fid --device cpu --samples PICTURES --reference NAME.bin --features CLASSIFIER
      evaluate generative --device cpu --scorer NAME.model --samples SCORED
      evaluate generative --device cpu --judge NAME.model --samples SCORED
      export --to OUT NAME.model
      export --to OUT MODEL --like NAME.model
      import --to OUT --from NAME.model
      infill --device cpu --model NAME.model --template ab[MASK]
      infill --device cpu NAME.model --template ab[MASK]
      merge NAME.part
      plan --config NAME.yaml
      plot NAME.run --out OUT.png
      plot first=NAME.run --out OUT.svg
      quality --samples NAME.txt --reference DATA
      sample --device cpu NAME.model
      sample --device cpu --model NAME.model --trace OUT.ndjson
      sample-images --device cpu NAME.model --png OUT.png
      sample-images --device cpu --model PIXELS --png OUT.png --infill NAME.png --mask PICTURE
      sample-images --device cpu --model PIXELS --png OUT.png --infill PICTURE --mask NAME.png
      schedule --model NAME.model
      schedule --model LEARNED --train NAME.bin --valid TINY
      schedule --model LEARNED --train TINY --valid NAME.bin
      serve --device cpu --model NAME.model
      serve --device cpu --model MODEL --token-file NAME.txt
      trace NAME.ndjson --html OUT.html
      train NAME.yaml
      train --config CONFIG --set run=OUT --set data.train=NAME.bin
      train --config CONFIG --set run=OUT --set data.evaluate=[NAME.bin]
      """;

  static Stream<String> calls() {
    return Stream.concat(MORE.lines(), FolderOrPipeTest.calls());
  }

  @BeforeAll
  static void prepare() throws IOException {
    TinyTraining tiny = TinyTraining.prepare(folder);
    tiny.train(
            "--set",
            "sampling.count=0",
            "--set",
            "model.schedule=learned(1)",
            "--set",
            "training.samples=2")
        .check();
    Path seven = Files.writeString(folder.resolve("seven.txt"), "abc de f ".repeat(900));
    Ran.md4(
            "data",
            "text",
            "--from",
            seven,
            "--vocabulary",
            "chars",
            "--out",
            folder.resolve("seven"))
        .check();
    Path unused = EvaluateGenerativeCommandTest.samples(folder);
    unused = Files.copy(unused, folder.resolve("scored.jsonl"));
    unused = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    PixelValues pixels = new PixelValues(new ImageShape(1, TinyModel.LENGTH, 1));
    unused = new TinyModel(pixels).write(folder.resolve("pixels"), 1);
    unused = FidCommandTest.images(folder, "images", 0);
    unused = FidCommandTest.classifier(folder);
    ImageIO.write(
        new BufferedImage(TinyModel.LENGTH, 1, BufferedImage.TYPE_BYTE_GRAY),
        "png",
        folder.resolve("picture.png").toFile());
  }

  private Ran ran(String line) {
    return Ran.md4(
        Ran.words(
            line.replace("NAME", folder.resolve("named").toString())
                .replace("IMAGES", folder.resolve("images.idx").toString())
                .replace("LABELS", folder.resolve("images.labels").toString())
                .replace("CLASSIFIER", folder.resolve("c.safetensors").toString())
                .replace("PIXELS", folder.resolve("pixels").toString())
                .replace("PICTURES", folder.resolve("images/train.bin").toString())
                .replace("SCORED", folder.resolve("scored.jsonl").toString())
                .replace("PICTURE", folder.resolve("picture.png").toString())
                .replace("OUT", out.resolve("made").toString())
                .replace("TEXT", folder.resolve("text.txt").toString())
                .replace("DATA", folder.resolve("seven/valid.bin").toString())
                .replace("TINY", folder.resolve("data/valid.bin").toString())
                .replace("LEARNED", folder.resolve("run").toString())
                .replace("CONFIG", folder.resolve("tiny.yaml").toString())
                .replace("MODEL", folder.resolve("model").toString())));
  }

  private static Path named(String line) {
    String name = line.replaceFirst(".*NAME", "named").replaceFirst("[ \\]].*", "");
    return folder.resolve(name);
  }

  private void check(String line) {
    check(line, 1);
  }

  /** Checks that a call is refused in so many lines, of which each names the file. */
  private void check(String line, int lines) {
    Ran ran = ran(line);
    int code = isConfig(line) ? ExitCodes.USAGE : ExitCodes.DATA;
    assertThat(ran.err().lines())
        .hasSize(lines)
        .allSatisfy(each -> assertThat(each).startsWith("md4: ").contains("named"));
    assertThat(ran.code()).as(ran.err()).isEqualTo(code);
  }

  private static boolean isConfig(String line) {
    return line.contains("NAME.yaml");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void nothing_isRefusedByName(String line) throws IOException {
    check(line);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void emptyFile_isRefusedByName(String line) throws IOException {
    Path file = Files.createFile(named(line));
    // An empty config lacks its version and three keys that have no default.
    int lines = isConfig(line) ? 4 : 1;
    try {
      check(line, lines);
    } finally {
      Files.delete(file);
    }
  }

  /** A run's folder may be empty until its training begins, so that one that is watched is. */
  @ParameterizedTest
  @MethodSource("calls")
  void emptyFolder_isRefusedByName(String line) throws IOException {
    assumeFalse(line.contains("--watch"));
    Path made = Files.createDirectory(named(line));
    try {
      check(line);
    } finally {
      Files.delete(made);
    }
  }

  /** But a folder that is made, and what {@code md4 merge} hands on. */
  @Test
  void calls_haveEveryOptionThatIsRead() {
    Set<String> missing = new TreeSet<>(OutputOptionsTest.READ);
    missing.removeAll(Set.of("--cache", "--merged-from"));
    String all = calls().collect(Collectors.joining("\n"));
    missing.removeIf(option -> all.matches("(?s).*" + option + "[ =].*"));
    assertThat(missing).isEmpty();
  }
}
