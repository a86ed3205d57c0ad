// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TraceCommandTest {
  @TempDir private Path folder;
  private Path trace;

  @BeforeEach
  void sample() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    trace = folder.resolve("trace.ndjson");
    md4(words("sample --device cpu --count 3 --steps 40 --model", model, "--trace", trace)).check();
  }

  @Test
  void stills_endWithTheSample() {
    String text = md4("trace", trace, "--sample", 2, "--stills", 4).succeeded().out();
    assertThat(text.lines()).hasSize(8);
    assertThat(text).startsWith("--- sample 2, call 0 of ").contains("start, 11 masked");
    assertThat(text.strip()).matches("(?s).* 0 masked\n[a-f ]{0,11}");
    assertThat(md4("trace", trace).succeeded().out().lines()).hasSize(16);
  }

  @Test
  void files_areWritten() throws IOException {
    Path html = folder.resolve("out.html");
    Path plot = folder.resolve("out.png");
    assertThat(md4("trace", trace, "--html", html, "--plot", plot).succeeded().out())
        .isEqualTo("written to %s\nwritten to %s\n".formatted(html, plot));
    assertThat(Files.readString(html)).contains("\"sample\":2", "ancestral (exact)");
    assertThat(Files.readAllBytes(plot)).startsWith(0x89, 'P', 'N', 'G');
    md4("trace", trace, trace, "--html", html).check();
  }

  @Test
  void wrongUse_isOneLine() throws IOException {
    md4("trace").failed(2, "Missing required parameter: 'FILE.ndjson'");
    md4("trace", trace, trace).failed(2, "two traces require --html");
    md4("trace", trace, "--sample", 7)
        .failed(2, "'--sample': the trace has the sequences [0, 1, 2]: 7");
    md4("trace", trace, "--speed", 0).failed(2, "'--speed': must be at least 1: 0");
    md4("trace", folder.resolve("none")).failed(3, "none: no such file; a trace is expected here");
    Path other = Files.writeString(folder.resolve("other"), "{\"a\":1}\n");
    md4("trace", other).failed(3, "other: line 1 is no line of a trace: md4 sample --trace makes");
    md4("trace", trace, "--html", other.resolve("out.html"))
        .failed(2, "--html cannot write", "other is a file, and no folder");
  }

  @Test
  void trace_thatIsCutOffNamesTheLine() throws IOException {
    String text = Files.readString(trace);
    Files.writeString(trace, text.substring(0, text.length() - 20));
    long line = text.lines().count();
    md4("trace", trace).failed(3, "trace.ndjson: line " + line + " is no line of a trace: ");
  }
}
