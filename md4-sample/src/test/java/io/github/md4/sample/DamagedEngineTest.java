// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program of a user's own where DJL's cache holds a library that is cut short. */
@Tag("exact")
final class DamagedEngineTest {
  private static final String LIBRARY = "libtorch_cpu.so";

  @TempDir private Path folder;

  /** Loads a model, as a user would; prints the message of the exception. */
  public static void main(String[] args) throws IOException {
    try (MaskedDiffusion model = MaskedDiffusion.load(Path.of(args[0]))) {
      System.out.println(model.tokenizer().summary());
    } catch (InvalidDataException e) {
      System.out.println(e.getMessage());
    }
  }

  /** The engine itself would end the process without a word. */
  @Test
  void load_namesALibraryThatIsCutShort() throws IOException, InterruptedException {
    Properties engine = new Properties();
    try (InputStream in = getClass().getResourceAsStream("/native/lib/pytorch.properties")) {
      engine.load(in);
    }
    String name =
        "%s-%s-%s"
            .formatted(
                engine.getProperty("version"),
                engine.getProperty("flavor"),
                engine.getProperty("classifier"));
    Path unpacked = Files.createDirectories(folder.resolve("cache/pytorch/" + name));
    Files.write(unpacked.resolve(LIBRARY), new byte[] {127, 'E', 'L', 'F'});
    Path out = folder.resolve("out.txt");
    ProcessBuilder java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DamagedEngineTest.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    java.environment().put("OPT_OUT_TRACKING", "true");
    java.environment().put("DJL_CACHE_DIR", folder.resolve("cache").toString());
    assertThat(java.start().waitFor()).as(() -> text(out)).isZero();
    assertThat(text(out))
        .contains(LIBRARY + ": is not what was packed")
        .contains("remove the folder");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
