// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.core.WriteFailure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A file with a JSON object for each answer, in the order of the prompts. The answers of a prompt
 * are there as soon as they are scored, so that a command that is stopped leaves what it has done.
 */
interface AnswerLines extends AutoCloseable {

  /** Writes the answers of one prompt. */
  void write(List<ObjectNode> answers) throws IOException;

  @Override
  void close() throws IOException;

  /**
   * Creates or empties a file, and makes missing folders above it.
   *
   * @param file none is written where it is null
   */
  static AnswerLines open(Path file) throws IOException {
    if (file == null) {
      return new Nowhere();
    }
    OutputFile.makeFolder(file);
    return new ToFile(file, Files.newBufferedWriter(file, StandardCharsets.UTF_8));
  }

  /** No file. */
  record Nowhere() implements AnswerLines {
    @Override
    public void write(List<ObjectNode> answers) {}

    @Override
    public void close() {}
  }

  /** An open file, which closing closes. */
  record ToFile(Path file, BufferedWriter writer) implements AnswerLines {
    @Override
    public void write(List<ObjectNode> answers) throws IOException {
      try {
        for (ObjectNode answer : answers) {
          writer.write(answer + "\n");
        }
        writer.flush();
      } catch (IOException e) {
        throw WriteFailure.named(file, e);
      }
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }
}
