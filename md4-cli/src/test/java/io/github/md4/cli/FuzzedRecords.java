// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What commands of ours wrote for each other: traces, samples, losses, templates; damaged. */
record FuzzedRecords(Path folder) {

  List<FuzzedFile> all() throws IOException {
    List<FuzzedFile> all = new ArrayList<>();
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("traced"), 6);
    addTrace(all, model);
    addSamples(all, model);
    addLosses(all, model);
    return all;
  }

  private void addTrace(List<FuzzedFile> to, Path model) throws IOException {
    Path trace = folder.resolve("a.ndjson");
    Path samples = folder.resolve("samples.jsonl");
    Ran sampled =
        Ran.md4(
            Ran.words(
                "sample --count 2 --steps 4 --json --device cpu --model", model, "--trace", trace));
    Files.writeString(samples, sampled.succeeded().out());
    Path page = Files.createDirectories(folder.resolve("html")).resolve("a.html");
    to.add(FuzzedFile.ofCommandThatWrites(page, trace, "trace", trace, "--html", page));
  }

  private void addSamples(List<FuzzedFile> to, Path model) throws IOException {
    Path samples = folder.resolve("samples.jsonl");
    Path reference = scored().resolve("train.bin");
    to.add(
        FuzzedFile.ofCommand(samples, "quality", "--reference", reference, "--samples", samples));
    addTemplates(to, model, "templates.txt", "ab[MASK]d\n[MASK*3]a\n");
    addTemplates(
        to, model, "templates.jsonl", "{\"tokens\": [1, null, 3]}\n{\"text\": \"a[MASK]\"}\n");
  }

  private void addTemplates(List<FuzzedFile> to, Path model, String name, String lines)
      throws IOException {
    Path file = Files.writeString(folder.resolve(name), lines);
    to.add(
        FuzzedFile.ofCommand(
            file, Ran.words("infill --steps 2 --device cpu --model", model, "--templates", file)));
  }

  /** Data of the seven characters that the model knows. */
  private Path scored() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de f ".repeat(90));
    Path data = folder.resolve("scored");
    if (!Files.exists(data)) {
      Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    }
    return data;
  }

  private void addLosses(List<FuzzedFile> to, Path model) throws IOException {
    for (String name : List.of("one.csv", "other.csv")) {
      Ran.md4(
              Ran.words(
                  "evaluate --device cpu --chunks 8 --model",
                  model,
                  "--data",
                  scored().resolve("train.bin"),
                  "--losses",
                  folder.resolve(name)))
          .check();
    }
    Path one = folder.resolve("one.csv");
    to.add(
        FuzzedFile.ofCommand(
            one, "compare", "--first", one, "--second", folder.resolve("other.csv")));
  }
}
