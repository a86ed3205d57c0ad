// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.file.OutputFile;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trace.TraceWriter;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/** The trace of a command, if one is asked for. */
sealed interface Tracing extends AutoCloseable {

  /** Returns the listener to the samples of these sequences, which come next. */
  SamplingListener begin(List<InitialSequence> sequences);

  @Override
  void close() throws IOException;

  /**
   * Returns the trace that goes to a file, and makes missing folders above it.
   *
   * @param file null for no trace
   */
  static Tracing to(Path file, Supplier<Trace.Header> header, Tokenizer tokenizer)
      throws IOException {
    if (file == null) {
      return new Off();
    }
    OutputFile.makeFolder(file);
    return new On(TraceWriter.create(file, header.get(), tokenizer, List.of()));
  }

  /** No trace. */
  record Off() implements Tracing {
    @Override
    public SamplingListener begin(List<InitialSequence> sequences) {
      return SamplingListener.none();
    }

    @Override
    public void close() {}
  }

  /** A trace in a file. */
  record On(TraceWriter writer) implements Tracing {
    @Override
    public SamplingListener begin(List<InitialSequence> sequences) {
      writer.begin(sequences);
      return writer;
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }
}
