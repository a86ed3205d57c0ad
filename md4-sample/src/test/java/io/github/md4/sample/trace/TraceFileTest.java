// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.core.token.WordTokenizer;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.TokenEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class TraceFileTest {
  private static final Tokenizer TOKENIZER = new Tokenizer.Characters("a\"<");
  private static final int MASK = 3;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("trace.ndjson");
    Trace.Header header = new Trace.Header(Map.of("sampler", "ancestral"), 10, "linear", 1e-4);
    List<InitialSequence> starts =
        List.of(
            new InitialSequence(new int[] {MASK, 0, MASK}, 4),
            new InitialSequence(new int[] {MASK}, 2));
    try (TraceWriter writer = TraceWriter.create(file, header, TOKENIZER, starts)) {
      writer.changed(new TokenEvent(4, new GridPoint(1, 0.9), 2, 1, 0.25));
      writer.changed(new TokenEvent(2, new GridPoint(1, 0.9), 0, 2, 0.5));
      writer.changed(new TokenEvent(4, new GridPoint(3, 0.7), 2, MASK, Double.NaN));
      writer.changed(new TokenEvent(4, new GridPoint(5, 0.5), 0, 0, 1));
      writer.changed(new TokenEvent(4, new GridPoint(5, 0.5), 2, 2, 1e-17));
    }
  }

  @Test
  void image_comesBackAsWritten() throws IOException {
    ImageShape shape = new ImageShape(1, 2, 1);
    Trace.Header header = new Trace.Header(Map.of(), 10, "linear", 1e-4, "", Optional.of(shape));
    Tokenizer pixels = new PixelValues(shape);
    List<InitialSequence> starts = List.of(new InitialSequence(new int[] {256, 77}, 0));
    try (TraceWriter writer = TraceWriter.create(file, header, pixels, starts)) {
      writer.changed(new TokenEvent(0, new GridPoint(1, 0.9), 0, 255, 0.25));
    }
    Trace trace = TraceReader.read(file);
    assertThat(trace.header()).isEqualTo(header);
    assertThat(trace.histories().get(0).initial()).containsExactly(Tokenizer.MASK_TEXT, "77");
    assertThat(trace.histories().get(0).events().get(0).text()).isEqualTo("255");
    Files.writeString(file, Files.readString(file).replace("1x2x1", "2x2x1"));
    assertThatThrownBy(() -> TraceReader.read(file))
        .hasMessageContaining("line 2 is no line of a trace: an image of 2x2x1 has 4 values: 2");
  }

  @Test
  void separator_comesBackAsWritten_andIsLeftOutWhereThereIsNone() throws IOException {
    assertThat(Files.readString(file)).doesNotContain("separator");
    Trace.Header header = new Trace.Header(Map.of(), 10, "linear", 1e-4, " ", Optional.empty());
    Tokenizer words = new WordTokenizer(List.of("a", "fox"));
    List<InitialSequence> starts = List.of(new InitialSequence(new int[] {1, 2}, 0));
    TraceWriter.create(file, header, words, starts).close();
    assertThat(TraceReader.read(file).header()).isEqualTo(header);
  }

  @Test
  void trace_comesBackAsWritten() throws IOException {
    Trace trace = TraceReader.read(file);
    assertThat(trace.header())
        .isEqualTo(new Trace.Header(Map.of("sampler", "ancestral"), 10, "linear", 1e-4));
    assertThat(trace.histories()).extracting(Trace.History::sample).containsExactly(2L, 4L);
    Trace.History history = trace.histories().get(1);
    assertThat(history.initial()).containsExactly(Tokenizer.MASK_TEXT, "a", Tokenizer.MASK_TEXT);
    assertThat(history.events())
        .containsExactly(
            new Trace.Event(1, 0.9, 2, "\"", 0.25),
            new Trace.Event(3, 0.7, 2, Tokenizer.MASK_TEXT, Double.NaN),
            new Trace.Event(5, 0.5, 0, "a", 1),
            new Trace.Event(5, 0.5, 2, "<", 1e-17));
    assertThat(history.frames().size()).isEqualTo(3);
  }

  @Test
  void frames_areTheStatesAfterEachMoment() throws IOException {
    List<Trace.Frame> frames = TraceReader.read(file).histories().get(1).frames();
    assertThat(frames).extracting(Trace.Frame::step).containsExactly(1, 3, 5);
    assertThat(frames).extracting(Trace.Frame::time).containsExactly(0.9, 0.7, 0.5);
    String mask = Tokenizer.MASK_TEXT;
    assertThat(frames.get(0).cells())
        .containsExactly(new Trace.Cell(mask, 0), new Trace.Cell("a", 0), new Trace.Cell("\"", 1));
    assertThat(frames.get(1).cells().get(2)).isEqualTo(new Trace.Cell(mask, 2));
    assertThat(frames.get(2).cells())
        .containsExactly(new Trace.Cell("a", 3), new Trace.Cell("a", 0), new Trace.Cell("<", 3));
    assertThat(frames.get(1).cells().get(2).isMask()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | {\"format\":\"other\"} | line 1 is no line of a trace: md4 sample --trace makes such files",
        "0 | nothing | line 1 is no line of a trace: ",
        "0 | 7 | line 1 is no line of a trace: md4 sample --trace makes such files",
        "1 | {\"sample\":4,\"step\":1 | line 2 is no line of a trace: ",
        "3 | {\"sample\":9,\"token\":null} | line 4 is no line of a trace: a sequence has not begun: 9",
        "3 | {\"sample\":4,\"step\":1,\"time\":0.5,\"position\":3,\"token\":null} | line 4 is no line of a trace: position must be in [0, 3): 3",
        "3 | {\"sample\":4,\"step\":1,\"time\":1e999,\"position\":0,\"token\":null} | line 4 is no line of a trace: time must be a number of 64 bits: 1e999",
        "3 | {\"sample\":4,\"step\":1,\"time\":NaN,\"position\":0,\"token\":null} | line 4 is no line of a trace: time must be a number of 64 bits: \"NaN\"",
        "3 | {\"sample\":4,\"step\":1,\"time\":0.5,\"position\":0,\"token\":1,\"text\":\"a\",\"probability\":Infinity} | line 4 is no line of a trace: probability must be a number of 64 bits: \"Infinity\"",
        "3 | {\"start\":4,\"texts\":[]} | line 4 is no line of a trace: a sequence begins twice: 4",
        "3 | {} | line 4 is no line of a trace: ",
      })
  void read_namesTheLineThatIsWrong(int line, String text, String message) throws IOException {
    List<String> lines = Files.readAllLines(file);
    lines.set(line, text);
    Files.write(file, lines);
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> TraceReader.read(file))
        .withMessageStartingWith(file + ": " + message);
  }

  @Test
  void read_refusesWhatIsNoTrace() throws IOException {
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> TraceReader.read(folder.resolve("none")))
        .withMessageEndingWith("no such file; a trace is expected here");
    Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 10});
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> TraceReader.read(file))
        .withMessageEndingWith("is no trace: not UTF-8");
    Files.writeString(file, "");
    assertThatExceptionOfType(InvalidDataException.class).isThrownBy(() -> TraceReader.read(file));
  }

  @Test
  void version_thatIsNewerIsRefused() throws IOException {
    Files.writeString(file, Files.readString(file).replace("\"version\":1", "\"version\":2"));
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> TraceReader.read(file))
        .withMessageContaining("line 1 is no line of a trace: its version must be 1: 2");
  }
}
