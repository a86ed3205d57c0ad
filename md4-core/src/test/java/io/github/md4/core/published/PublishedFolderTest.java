// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelLayout;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("exact")
final class PublishedFolderTest {
  private static final Path PEERS = Path.of("src/test/resources/peers");

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void copy() throws IOException {
    folder = copyOf("llada-bf16");
  }

  private Path copyOf(String name) throws IOException {
    Path copy = Files.createDirectory(temporary.resolve(name));
    try (Stream<Path> files = Files.list(PEERS.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  private void edit(String file, String old, String text) throws IOException {
    Path path = folder.resolve(file);
    String before = Files.readString(path);
    assertThat(before).contains(old);
    Files.writeString(path, before.replace(old, text));
  }

  private void refuses(String message) {
    assertThatThrownBy(() -> PublishedFolder.open(folder, Optional.empty()).close())
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  static List<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(PEERS)) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void load_takesAFolderAsItIs(Path published) throws IOException {
    assertThat(SavedModel.isIn(published)).isTrue();
    try (NDManager manager = NDManager.newBaseManager();
        SavedModel model = SavedModel.load(published, Weights.EMA, manager, Precision.FLOAT32)) {
      Tokenizer tokenizer = model.description().tokenizer();
      assertThat(Tokenizer.fromJson(tokenizer.toJson())).isEqualTo(tokenizer);
      assertThat(model.parameterCount()).isPositive();
    }
  }

  @Test
  void dreamsBytePairs_areRead() throws IOException {
    try (PublishedFolder dream = PublishedFolder.open(PEERS.resolve("dream"), Optional.empty())) {
      Tokenizer tokenizer = dream.description().tokenizer();
      int[] ids = {31, 26, 2, 0, 19, 36, 32, 26, 33, 13, 27};
      assertThat(tokenizer.encode("the cat and the inn.")).containsExactly(ids);
      assertThat(tokenizer.decode(ids)).isEqualTo("the cat and the inn.");
      assertThat(tokenizer.endOfText()).hasValue(69);
      assertThat(tokenizer.vocabularySize()).isEqualTo(75);
    }
  }

  @Test
  void tensors_thatDoNotFitAreAllNamed() throws IOException {
    edit("config.json", "\"n_layers\": 2", "\"n_layers\": 3");
    edit("config.json", "\"mlp_hidden_size\": 64", "\"mlp_hidden_size\": 60");
    refuses("missing model.transformer.blocks.2.attn_norm.weight (32)");
    refuses("model.transformer.blocks.1.up_proj.weight is (64, 32), not (60, 32)");
  }

  @Test
  void tensors_thatAreUnknownAreNamed() throws IOException {
    edit("config.json", "\"n_layers\": 2", "\"n_layers\": 1");
    refuses("unknown model.transformer.blocks.1.attn_norm.weight");
  }

  @Test
  void shard_thatIsMissingIsNamed() throws IOException {
    Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
    refuses("names model-00002-of-00002.safetensors, which is not there; download it again");
  }

  @Test
  void shard_thatIsCutShortIsNamed() throws IOException {
    Path shard = folder.resolve("model-00002-of-00002.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 100));
    refuses("model-00002-of-00002.safetensors");
  }

  @Test
  void index_thatLiesIsRefused() throws IOException {
    edit(
        "model.safetensors.index.json",
        "\"model.transformer.wte.weight\": \"model-00002",
        "\"model.transformer.wte.weight\": \"model-00001");
    refuses("says that model.transformer.wte.weight is in model-00001-of-00002.safetensors");
  }

  @Test
  void index_thatLeavesTheFolderIsRefused() throws IOException {
    edit("model.safetensors.index.json", "model-00001-of", "../model-00001-of");
    refuses("names a file that is no safetensors here: ../model-00001-of-00002.safetensors");
  }

  @Test
  void architecture_thatIsUnknownIsNamed() throws IOException {
    edit("config.json", "\"model_type\": \"llada\"", "\"model_type\": \"gpt_neox\"");
    refuses("is of no family that is known here (model_type gpt_neox)");
    assertThat(ModelLayout.of(folder)).isPresent();
  }

  @Test
  void family_canBeNamedByTheUser() throws IOException {
    edit("config.json", "\"model_type\": \"llada\"", "\"model_type\": \"own\"");
    try (PublishedFolder open = PublishedFolder.open(folder, Optional.of("llada"))) {
      assertThat(open.family()).isEqualTo("llada");
      assertThat(open.types()).containsOnlyKeys("BF16");
    }
    assertThatThrownBy(() -> PublishedFolder.open(folder, Optional.of("gpt")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("family must be one of mdlm, bd3lm, sedd, radd, llada, dream, a2d");
  }

  @Test
  void form_thatIsNotComputedIsRefused() throws IOException {
    edit("config.json", "\"alibi\": false", "\"alibi\": true");
    refuses("alibi is true; only false can be computed here");
  }

  @Test
  void otherFormats_areNamed() throws IOException {
    for (String shard : new String[] {"1", "2"}) {
      Files.delete(folder.resolve("model-0000" + shard + "-of-00002.safetensors"));
    }
    Files.delete(folder.resolve("model.safetensors.index.json"));
    refuses("has no model.safetensors and no model.safetensors.index.json; download");
    Files.writeString(folder.resolve("model.gguf"), "GGUF");
    refuses("only model.gguf; convert it to safetensors");
    Files.writeString(folder.resolve("consolidated.bin"), "x");
    refuses("only consolidated.bin; convert it to safetensors");
  }

  /** What a clone without git-lfs has in the place of a file. */
  @ParameterizedTest
  @CsvSource({
    "dream, vocab.json",
    "dream, merges.txt",
    "dream, config.json",
    "llada, tokenizer.json"
  })
  void pointerOfGitLfs_isToldInThePlaceOfEachText(String name, String file) throws IOException {
    folder = copyOf(name);
    Files.writeString(
        folder.resolve(file),
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1671853\n");
    refuses(file + ": is a pointer of git-lfs, not the file; run git lfs pull in its folder");
  }

  @Test
  void tokenizer_ofAnotherSizeIsRefused() throws IOException {
    edit("tokenizer.json", "74", "99");
    refuses("the network has 75 rows, fewer than the tokenizer's 100 tokens");
  }
}
