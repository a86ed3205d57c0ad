// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import com.github.luben.zstd.ZstdInputStream;
import io.airlift.compress.lz4.Lz4Decompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.brotli.dec.BrotliInputStream;
import org.xerial.snappy.Snappy;

/** The decompression of Parquet's pages; all that its format knows but LZO and the old LZ4. */
final class ParquetCodecs implements CompressionCodecFactory {
  private static final int LARGEST_PAGE = 1 << 30;

  /** A byte of LZ4 stands for at most 255 bytes. */
  private static final long LZ4_RATIO = 255;

  /** The decompression of a page. */
  private interface Codec {
    byte[] unpack(byte[] packed, int size) throws IOException;
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
    return new Pages(codec(name));
  }

  private static Codec codec(CompressionCodecName name) {
    return switch (name) {
      case UNCOMPRESSED -> (packed, size) -> packed;
      case GZIP -> (packed, size) -> read(new GZIPInputStream(of(packed)), size);
      case BROTLI -> (packed, size) -> read(new BrotliInputStream(of(packed)), size);
      case SNAPPY -> ParquetCodecs::snappy;
      case ZSTD -> (packed, size) -> read(new ZstdInputStream(of(packed)), size);
      case LZ4_RAW -> ParquetCodecs::lz4;
      default ->
          throw new IllegalArgumentException(
              "compressed by " + name + ", which is not read; write it with zstd");
    };
  }

  private static InputStream of(byte[] packed) {
    return new ByteArrayInputStream(packed);
  }

  /** Reads as much as there is, so that a page is never larger in memory than it is. */
  private static byte[] read(InputStream in, int size) throws IOException {
    try (in) {
      return in.readNBytes(size);
    }
  }

  private static byte[] snappy(byte[] packed, int size) throws IOException {
    if (Snappy.uncompressedLength(packed) != size) {
      throw new IOException("a page is not as long as it says");
    }
    return Snappy.uncompress(packed);
  }

  private static byte[] lz4(byte[] packed, int size) throws IOException {
    if (size > LZ4_RATIO * (packed.length + 1L)) {
      throw new IOException("a page is not as long as it says");
    }
    byte[] page = new byte[size];
    new Lz4Decompressor().decompress(packed, 0, packed.length, page, 0, size);
    return page;
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName name) {
    throw new UnsupportedOperationException("Parquet is read only");
  }

  @Override
  public void release() {}

  private record Pages(Codec codec) implements BytesInputDecompressor {
    @Override
    public BytesInput decompress(BytesInput bytes, int size) throws IOException {
      byte[] packed;
      try (InputStream in = bytes.toInputStream()) {
        packed = in.readAllBytes();
      }
      return BytesInput.from(unpack(packed, size));
    }

    @Override
    public void decompress(ByteBuffer in, int packedSize, ByteBuffer out, int size)
        throws IOException {
      byte[] packed = new byte[packedSize];
      in.get(packed);
      out.put(unpack(packed, size));
    }

    private byte[] unpack(byte[] packed, int size) throws IOException {
      if (size < 0 || size > LARGEST_PAGE) {
        throw new IOException("a page of " + size + " bytes");
      }
      byte[] page = codec.unpack(packed, size);
      if (page.length != size) {
        throw new IOException("a page is not as long as it says");
      }
      return page;
    }

    @Override
    public void release() {}
  }
}
