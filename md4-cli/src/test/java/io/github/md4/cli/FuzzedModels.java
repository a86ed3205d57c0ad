// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.PixelRange;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.ScriptFile;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.HuggingFaceJson;
import io.github.md4.sample.scoring.Gpt2Scorer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Models, runs and networks of others, whose files are damaged. */
record FuzzedModels(Path folder) {

  List<FuzzedFile> all() throws IOException {
    List<FuzzedFile> all = new ArrayList<>();
    addModel(all);
    addRun(all);
    addTokenizers(all);
    addScorer(all);
    addScored(all);
    addScript(all);
    return all;
  }

  private void addModel(List<FuzzedFile> to) throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 5);
    for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      to.add(
          new FuzzedFile(
              model.resolve(name),
              file -> {
                try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
                  SavedModel.load(model, Weights.EMA, manager, Precision.FLOAT32).close();
                }
              }));
    }
  }

  /** A config, and a finished run that is resumed: there is nothing to train, but all is read. */
  private void addRun(List<FuzzedFile> to) throws IOException {
    TinyTraining tiny = TinyTraining.prepare(Files.createDirectories(folder.resolve("training")));
    tiny.train("--set", "sampling.count=0").check();
    Path config = Files.copy(tiny.config(), folder.resolve("config.yaml"));
    to.add(FuzzedFile.ofCommand(config, "config", "show", "--config", config));
    Path newest = tiny.run().resolve("checkpoints").resolve("step-12");
    List<Path> files = new ArrayList<>(List.of(tiny.run().resolve("metrics.jsonl")));
    for (String name :
        List.of(
            "state.json",
            "config.json",
            "tokenizer.json",
            "model.safetensors",
            "ema.safetensors",
            "optimizer.safetensors")) {
      files.add(newest.resolve(name));
    }
    for (Path file : files) {
      to.add(
          FuzzedFile.ofCommand(
              file, (Object[]) tiny.words("--resume", "--set", "sampling.count=0")));
    }
  }

  private void addTokenizers(List<FuzzedFile> to) throws IOException {
    String added =
        """
        "added_tokens":[{"id":4,"content":"</s>","single_word":false,"lstrip":false,
         "rstrip":false,"normalized":false,"special":true}],"normalizer":null,
        """;
    String words =
        """
        {"version":"1.0",%s"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,
         "decoder":null,"model":{"type":"WordLevel","vocab":{"<unk>":0,"a":1,"b":3},
         "unk_token":"<unk>"}}
        """;
    String pairs =
        """
        {"version":"1.0",%s"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,
         "trim_offsets":true,"use_regex":true},"post_processor":null,
         "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,
         "use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,
         "fuse_unk":false,"byte_fallback":false,"vocab":{"a":0,"b":1,"ab":2,"\\u0120":3},
         "merges":[["a","b"]]}}
        """;
    for (String json : List.of(words, pairs)) {
      Path file = folder.resolve("tokenizer" + to.size() + ".json");
      to.add(
          new FuzzedFile(
              Files.writeString(file, json.formatted(added)),
              path -> {
                HuggingFaceJson unused = HuggingFaceJson.load(path);
              }));
    }
  }

  private void addScorer(List<FuzzedFile> to) throws IOException {
    Path scorer = Files.createDirectories(folder.resolve("gpt2"));
    Files.writeString(
        scorer.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_layer": 1, "n_head": 1, "n_embd": 4, "n_positions": 6,
         "vocab_size": 9, "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new"}
        """);
    List<NamedTensor> tensors = new ArrayList<>();
    zeros(tensors, "wte.weight", 9, 4);
    zeros(tensors, "wpe.weight", 6, 4);
    for (String norm : List.of("h.0.ln_1", "h.0.ln_2", "ln_f")) {
      zeros(tensors, norm + ".weight", 4);
      zeros(tensors, norm + ".bias", 4);
    }
    zeros(tensors, "h.0.attn.c_attn.weight", 4, 12);
    zeros(tensors, "h.0.attn.c_attn.bias", 12);
    zeros(tensors, "h.0.attn.c_proj.weight", 4, 4);
    zeros(tensors, "h.0.attn.c_proj.bias", 4);
    zeros(tensors, "h.0.mlp.c_fc.weight", 4, 16);
    zeros(tensors, "h.0.mlp.c_fc.bias", 16);
    zeros(tensors, "h.0.mlp.c_proj.weight", 16, 4);
    zeros(tensors, "h.0.mlp.c_proj.bias", 4);
    SafeTensors.write(scorer.resolve("model.safetensors"), Map.of(), tensors);
    for (String name : List.of("config.json", "model.safetensors")) {
      to.add(
          new FuzzedFile(
              scorer.resolve(name),
              file -> {
                try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
                  Gpt2Scorer.load(scorer, manager, Precision.FLOAT32).close();
                }
              }));
    }
  }

  /** Samples that the scorer reads by their ids, and texts. */
  private void addScored(List<FuzzedFile> to) throws IOException {
    Path samples =
        Files.writeString(
            folder.resolve("scored.jsonl"),
            """
            {"index": 0, "text": "Hello world", "tokens": [1, 2, 3]}
            {"index": 1, "text": "the the", "tokens": [1, 1]}
            """);
    to.add(
        FuzzedFile.ofCommand(
            samples,
            Ran.words(
                "evaluate generative --ids --device cpu --scorer",
                folder.resolve("gpt2"),
                "--samples",
                samples)));
  }

  private static void zeros(List<NamedTensor> tensors, String name, long... shape) {
    float[] values = new float[Math.toIntExact(new Shape(shape).size())];
    tensors.add(NamedTensor.floats(name, new Shape(shape), () -> FloatBuffer.wrap(values)));
  }

  /** A script whose archive is damaged; what its checksums let through is libtorch's to read. */
  private void addScript(List<FuzzedFile> to) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "m/data.pkl", "\u0080\2c__torch__\nM\n)\u0081}(X\b\0\0\0training\u0088ub.");
      put(
          zip,
          "m/code/__torch__.py",
          """
          class M(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
            def forward(self: __torch__.M, x: Tensor) -> Tensor:
              return torch.mean(torch.to(x, 6), [2, 3], True)
          """);
      put(zip, "m/constants.pkl", "\u0080\2).");
      put(zip, "m/version", "10\n");
      put(zip, "m/byteorder", "little");
    }
    ScriptFile.Options options = new ScriptFile.Options(PixelRange.UINT8, List.of());
    to.add(
        new FuzzedFile(
            Files.write(folder.resolve("features.pt"), bytes.toByteArray()),
            file -> {
              try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                  ScriptFile script = new ScriptFile(manager, file, options)) {
                script.features(manager, manager.ones(new Shape(1, 2, 1, 2))).close();
              }
            }));
  }

  private static void put(ZipOutputStream zip, String name, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 sum = new CRC32();
    sum.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setSize(content.length);
    entry.setCrc(sum.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
  }
}
