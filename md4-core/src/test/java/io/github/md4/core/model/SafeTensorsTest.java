// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.network.StoredValues;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class SafeTensorsTest {
  @TempDir private Path folder;

  @Test
  void floats_comeBackBitForBit() throws IOException {
    Random random = new Random(7);
    float[] data = new float[7 * 11 * 13];
    for (int i = 0; i < data.length; i++) {
      data[i] = Float.intBitsToFloat(random.nextInt());
    }
    float[] special = {Float.NaN, 1 / 0f, -1 / 0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, 1};
    System.arraycopy(special, 0, data, 0, special.length);
    int[] bits = bits(FloatBuffer.wrap(data));
    Path file = write(floats("w", new Shape(7, 11, 13), data));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.shape("w")).isEqualTo(new Shape(7, 11, 13));
      assertThat(bits(tensors.floats("w"))).isEqualTo(bits);
    }
  }

  /** What a clone without git-lfs has in the place of the weights. */
  @Test
  void open_tellsAPointerOfGitLfs() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("model.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 678500000\n");
    assertThatThrownBy(() -> SafeTensors.open(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("run git lfs pull");
  }

  @Test
  void tensors_longerThanAChunkComeBack() throws IOException {
    float[] floats = new float[(1 << 19) + 3];
    long[] longs = new long[(1 << 18) + 5];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = i;
      longs[i % longs.length] = ~(long) i << 20;
    }
    Path file = write(floats("f", new Shape(floats.length), floats), longs("l", longs));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.floats("f")).isEqualTo(FloatBuffer.wrap(floats));
      assertThat(tensors.longs("l")).isEqualTo(LongBuffer.wrap(longs));
    }
  }

  @Test
  void file_hasTheBytesOfTheFormat() throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafeTensors.write(
        file,
        Map.of("b", "\u00e4", "a", "1"),
        List.of(floats("w", new Shape(1, 2), 1, -2), longs("step", 258)));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    String json =
        "{\"__metadata__\":{\"a\":\"1\",\"b\":\"\u00e4\"},"
            + "\"step\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]}}";
    int length = (int) bytes.getLong();
    assertThat(length % 8).isZero();
    byte[] header = new byte[length];
    byte[] data = new byte[16];
    bytes.get(header).get(data);
    assertThat(new String(header, StandardCharsets.UTF_8)).startsWith(json).matches("(?s).*} *");
    assertThat(data)
        .containsExactly(2, 1, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0);
    assertThat(bytes.remaining()).isZero();
  }

  @Test
  void write_takesBuffersOfEitherByteOrderAndLeavesTheirPosition() throws IOException {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      FloatBuffer source = ByteBuffer.allocateDirect(20).order(order).asFloatBuffer();
      source.put(new float[] {1, 2, 3, 4, 5}).position(1).limit(4);
      Path file = write(NamedTensor.floats("w", new Shape(3), () -> source));
      assertThat(source.position()).isEqualTo(1);
      try (SafeTensors tensors = SafeTensors.open(file)) {
        assertThat(tensors.floats("w")).isEqualTo(FloatBuffer.wrap(new float[] {2, 3, 4}));
      }
    }
  }

  @Test
  void scalarsAndEmptyTensors_areTensors() throws IOException {
    Path file = write(floats("s", new Shape(), 3), floats("e", new Shape(0, 5)));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.names()).containsExactly("s", "e");
      assertThat(tensors.floats("s").get(0)).isEqualTo(3);
      assertThat(tensors.shape("e")).isEqualTo(new Shape(0, 5));
      assertThat(tensors.floats("e").remaining()).isZero();
    }
    try (SafeTensors none = SafeTensors.open(write())) {
      assertThat(none.names()).isEmpty();
      assertThat(none.metadata()).isEmpty();
    }
  }

  @Test
  void metadata_comesBack() throws IOException {
    Map<String, String> metadata = Map.of("format", "md4", "note", "\"<\u00e9\u4e2d>\"\n");
    Path file = folder.resolve("x.safetensors");
    SafeTensors.write(file, metadata, List.of());
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.metadata()).isEqualTo(metadata);
    }
  }

  @Test
  void floats_areStillThereAfterClose() throws IOException {
    Path file = write(floats("w", new Shape(3), 1, 2, 3));
    FloatBuffer data;
    try (SafeTensors tensors = SafeTensors.open(file)) {
      data = tensors.floats("w");
    }
    assertThat(data).isEqualTo(FloatBuffer.wrap(new float[] {1, 2, 3}));
  }

  @Test
  void write_asksForOneTensorAtATimeInTheOrderOfTheFile() throws IOException {
    List<String> asked = new ArrayList<>();
    Path file =
        write(
            NamedTensor.floats("b", new Shape(1), () -> asked(asked, "b")),
            NamedTensor.floats("a", new Shape(1), () -> asked(asked, "a")));
    assertThat(asked).containsExactly("b", "a");
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.names()).containsExactly("b", "a");
    }
  }

  private static FloatBuffer asked(List<String> asked, String name) {
    asked.add(name);
    return FloatBuffer.allocate(1);
  }

  @Test
  void write_rejectsEqualNamesAndDataThatDoesNotFit() throws IOException {
    Path before = write(floats("w", new Shape(1), 42));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> write(floats("w", new Shape(1), 1), floats("w", new Shape(1), 2)))
        .withMessage("names must differ: w");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> write(floats("__metadata__", new Shape(1), 1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> write(floats("w", new Shape(3), 1, 2)))
        .withMessageContaining("data must fill the shape of w: 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> floats("w", new Shape(1 << 15, 1 << 15)))
        .withMessageContaining("below 2 GiB");
    // The file of before is untouched, and nothing lies beside it.
    try (SafeTensors tensors = SafeTensors.open(before)) {
      assertThat(tensors.floats("w").get(0)).isEqualTo(42);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(before);
    }
  }

  @Test
  void open_readsAFileAboveTwoGibibytes() throws IOException {
    long large = 1_600_000_000;
    String json =
        "{'a':{'dtype':'U8','shape':[1600000000],'data_offsets':[0,1600000000]},"
            + "'b':{'dtype':'U8','shape':[1600000000],'data_offsets':[1600000000,3200000000]},"
            + "'c':{'dtype':'F32','shape':[2],'data_offsets':[3200000000,3200000008]}}";
    Path file = folder.resolve("large.safetensors");
    byte[] head = SafeTensorsCorruptTest.file(json, new byte[0]);
    // A sparse file: its zeros take no room.
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(head);
      out.seek(head.length + 2 * large);
      out.writeInt(Integer.reverseBytes(Float.floatToIntBits(1.5f)));
      out.writeInt(Integer.reverseBytes(Float.floatToIntBits(-7)));
    }
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.floats("c")).isEqualTo(FloatBuffer.wrap(new float[] {1.5f, -7}));
    }
  }

  @Test
  void lookUps_nameFileAndTensor() throws IOException {
    Path file = write(longs("l", 1));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(() -> tensors.floats("w"))
          .withMessage(file + ": has no tensor w");
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(() -> tensors.floats("l"))
          .withMessage(file + ": tensor l is I64; F32 is needed");
    }
  }

  private Path write(NamedTensor... tensors) throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafeTensors.write(file, Map.of(), List.of(tensors));
    return file;
  }

  private static NamedTensor floats(String name, Shape shape, float... data) {
    return NamedTensor.floats(name, shape, () -> FloatBuffer.wrap(data));
  }

  private static NamedTensor longs(String name, long... data) {
    return NamedTensor.longs(name, new Shape(data.length), () -> LongBuffer.wrap(data));
  }

  private static int[] bits(FloatBuffer data) {
    int[] bits = new int[data.remaining()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(data.get(i));
    }
    return bits;
  }

  /** Values of both half types by hand: 1, -2, the smallest subnormal, infinity, 0.1 rounded. */
  @Test
  void halves_areReadAsFloats() throws IOException {
    short[] f16 = {0x3C00, (short) 0xC000, 0x0001, 0x7C00, 0x2E66};
    short[] bf16 = {0x3F80, (short) 0xC000, 0x0001, 0x7F80, 0x3DCD};
    float[] ofF16 = {1, -2, 0x1p-24f, Float.POSITIVE_INFINITY, 1638 * 0x1p-14f};
    float[] ofBf16 = {1, -2, 0x1p-133f, Float.POSITIVE_INFINITY, 205 * 0x1p-11f};
    try (SafeTensors tensors = SafeTensors.open(halves("F16", f16))) {
      assertThat(tensors.asFloats("x")).isEqualTo(ofF16);
    }
    try (SafeTensors tensors = SafeTensors.open(halves("BF16", bf16))) {
      assertThat(tensors.asFloats("x")).isEqualTo(ofBf16);
    }
    try (SafeTensors tensors = SafeTensors.open(halves("I16", bf16))) {
      assertThatThrownBy(() -> tensors.asFloats("x"))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tensor x is I16; F32, F16 or BF16 is needed");
    }
  }

  /** A header of an odd length leaves the numbers at odd addresses. */
  @ParameterizedTest
  @ValueSource(strings = {"", " "})
  void values_areAlignedWhereverTheyLie(String padding) throws IOException {
    String header = "{\"x\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}" + padding;
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 6).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    bytes.putShort((short) 0x3F80).putShort((short) 0xC000).putShort((short) 0x3DCD);
    Path file = Files.write(folder.resolve("odd"), bytes.array());
    try (SafeTensors tensors = SafeTensors.open(file)) {
      StoredValues values = tensors.finiteValues("x", 1, 2);
      assertThat(values.data().isDirect()).isTrue();
      assertThat(values.data().alignedSlice(2).remaining()).isEqualTo(4);
      assertThat(floats(values)).containsExactly(-2, 205 * 0x1p-11f);
    }
  }

  private static float[] floats(StoredValues values) {
    return values.format().floats(values.data());
  }

  private Path halves(String type, short[] bits) throws IOException {
    String header =
        "{\"x\":{\"dtype\":\"%s\",\"shape\":[5],\"data_offsets\":[0,10]}}".formatted(type);
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 10).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    for (short each : bits) {
      bytes.putShort(each);
    }
    return Files.write(folder.resolve(type), bytes.array());
  }

  @Test
  void aTypeThatNobodyReads_doesNoHarmToTheOthers() throws IOException {
    try (SafeTensors tensors = SafeTensors.open(halves("F4_E2M1_X", new short[5]))) {
      assertThat(tensors.names()).containsExactly("x");
      assertThatThrownBy(() -> tensors.asFloats("x"))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tensor x is F4_E2M1_X; F32, F16 or BF16 is needed");
    }
  }

  @Test
  void metadata_mayBeNull() throws IOException {
    String header =
        "{\"__metadata__\":null,\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 1).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    Path file = Files.write(folder.resolve("null"), bytes.array());
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.metadata()).isEmpty();
      assertThat(tensors.names()).containsExactly("x");
    }
  }

  @Test
  void finiteFloats_areOfTheirTensorAlone() throws IOException {
    Path file = write(floats("a", new Shape(2), 1, 2), floats("b", new Shape(3), 3, 4, 5));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(floats(tensors.finiteValues("a", 1, 1))).containsExactly(2);
      assertThat(floats(tensors.finiteValues("b", 3, 0))).isEmpty();
      assertThatThrownBy(() -> tensors.finiteValues("a", 1, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("tensor a has 2 elements, not 2 from 1 on");
      assertThatThrownBy(() -> tensors.finiteValues("b", -1, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("tensor b has 3 elements, not 2 from -1 on");
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void finiteFloats_holdNeitherNanNorInfinity(float value) throws IOException {
    Path file =
        write(
            floats("good", new Shape(2), -Float.MAX_VALUE, Float.MIN_VALUE),
            floats("bad", new Shape(3), 1, value, 2));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.asFiniteFloats("good")).contains(-Float.MAX_VALUE, Float.MIN_VALUE);
      assertThatThrownBy(() -> tensors.asFiniteFloats("bad"))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tensor bad holds NaN or infinity");
      assertThat(tensors.finiteValues("bad", 2, 1).data().remaining()).isEqualTo(4);
      assertThatThrownBy(() -> tensors.finiteValues("bad", 1, 2))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tensor bad holds NaN or infinity");
    }
  }
}
