package dev.quern.engine.checkpoint.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.FolderFiles;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every row of the table of what the reference reader rejects and accepts. */
class SafetensorsFileTest {
    private static final String ONE = "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[0,8]}}";
    private static final String FILE = "model.safetensors";

    @TempDir
    Path folder;

    @Test
    void tensorsAreMapped() {
        byte[] data = {1, 2, 3, 4, 5, 6, 7, 8};
        RawSafetensors.write(folder.resolve(FILE), ONE, data);
        try (CheckpointFiles files = new FolderFiles(folder)) {
            SafetensorsFile file = SafetensorsFile.open(files, FILE);
            StoredTensor tensor = file.tensor("a", Arena.global());

            assertThat(tensor.type()).isEqualTo(StoredType.BF16);
            assertThat(tensor.shape()).containsExactly(2L, 2L);
            assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
        }
    }

    @Test
    void aShortFileIsRefused() throws IOException {
        Path file = Files.write(folder.resolve(FILE), new byte[7]);
        refused(file, "model.safetensors: 7 bytes (expected: at least 8)");
    }

    /** The length alone decides: the file need not be there, and its bytes are never read. */
    @Test
    void aHeaderOf200MegabytesIsRefused() {
        Path file = RawSafetensors.write(folder.resolve(FILE), 200L << 20, bytes(ONE), new byte[8]);
        refused(file, "model.safetensors: header of 209715200 bytes (expected: at most 100000000)");
        Path negative = RawSafetensors.write(folder.resolve(FILE), -1, bytes(ONE), new byte[8]);
        refused(negative, "model.safetensors: header of 18446744073709551615 bytes (expected: at most 100000000)");
    }

    @Test
    void aHeaderLongerThanTheFileIsRefused() {
        Path file = RawSafetensors.write(folder.resolve(FILE), 1000, bytes("{}"), new byte[0]);
        refused(
                file,
                "model.safetensors: header of 1000 bytes in a file of 10 (expected: a header that the file holds)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"a\":1                | header: line 1, column 7: end of text (expected: ',' or '}')",
                "[]                      | header (expected: to begin with '{')",
                "~ {}~                   | header (expected: to begin with '{')",
                "~~                      | header (expected: to begin with '{')",
                "{}<NUL>                 | header: line 1, column 3: text after the end of the document: 'U+0000'",
                "{\"a\":3}               | a: a number (expected: an object)",
                "{\"__metadata__\":{\"v\":1}} | __metadata__: {\"v\":1} (expected: an object of strings)",
                "{\"__metadata__\":{},\"__metadata__\":{}} "
                        + "| header: line 1, column 20: duplicate member \"__metadata__\""
            })
    void otherHeadersAreRefused(String header, String message) {
        String text = header.replace("<NUL>", "\0");
        refused(RawSafetensors.write(folder.resolve(FILE), text, 0), "model.safetensors: " + message);
    }

    @Test
    void aHeaderThatIsNotUtf8IsRefused() {
        byte[] header = {'{', '"', (byte) 0xff, '"', '}'};
        refused(
                RawSafetensors.write(folder.resolve(FILE), header.length, header, new byte[0]),
                "model.safetensors: header: line 1, column 1: not UTF-8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'dtype':'BF15','shape':[2],'data_offsets':[0,4] | dtype \"BF15\" (expected: a safetensors type)",
                "'shape':[2],'data_offsets':[0,4] | dtype missing (expected: a safetensors type)",
                "'dtype':'BF16','shape':[-2],'data_offsets':[0,4] | shape [-2] (expected: an array of whole numbers)",
                "'dtype':'BF16','shape':[2.0],'data_offsets':[0,4] | shape [2.0] (expected: an array of whole numbers)",
                "'dtype':'BF16','shape':2,'data_offsets':[0,4] | shape 2 (expected: an array of whole numbers)",
                "'dtype':'BF16','data_offsets':[0,4] | shape missing (expected: an array of whole numbers)",
                "'dtype':'BF16','shape':[2],'data_offsets':[4,0] | data_offsets [4, 0] (expected: [begin, end])",
                "'dtype':'BF16','shape':[2],'data_offsets':[0] | data_offsets [0] (expected: [begin, end])",
                "'dtype':'BF16','shape':[3],'data_offsets':[0,4] | BF16 [3] has 4 bytes (expected: 6)",
                "'dtype':'F4','shape':[3],'data_offsets':[0,2] "
                        + "| F4 [3] (expected: a size in whole bytes that 64 bits hold)",
                "'dtype':'U8','shape':[9223372036854775807,3],'data_offsets':[0,4] "
                        + "| U8 [9223372036854775807, 3] (expected: a size in whole bytes that 64 bits hold)",
                "'dtype':'F64','shape':[9223372036854775807],'data_offsets':[0,4] "
                        + "| F64 [9223372036854775807] (expected: a size in whole bytes that 64 bits hold)"
            })
    void aWrongEntryIsRefusedByName(String fields, String message) {
        String header = "{\"t.weight\":{" + fields.replace('\'', '"') + "}}";
        refused(RawSafetensors.write(folder.resolve(FILE), header, 4), "model.safetensors: t.weight: " + message);
    }

    @Test
    void aFieldTwiceIsRefused() {
        String header = "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        refused(
                RawSafetensors.write(folder.resolve(FILE), header, 1),
                "model.safetensors: header: line 1, column 20: duplicate member \"dtype\"");
    }

    /** The reference reader takes the last one without a word. */
    @Test
    void aDuplicateTensorIsRefused() {
        String header = "{" + entry("a", 0, 8) + "," + entry("a", 0, 8) + "}";
        refused(
                RawSafetensors.write(folder.resolve(FILE), header, 8),
                "model.safetensors: header: line 1, column 58: duplicate member \"a\"");
    }

    @Test
    void overlappingTensorsAreRefused() {
        String header = "{" + entry("a", 0, 8) + "," + entry("b", 4, 12) + "}";
        refused(
                RawSafetensors.write(folder.resolve(FILE), header, 12),
                "model.safetensors: b: data_offsets [4, 12] overlaps a (expected: to begin at 8)");
    }

    @Test
    void aHoleIsRefused() {
        String header = "{" + entry("b", 16, 24) + "," + entry("a", 0, 8) + "}";
        refused(
                RawSafetensors.write(folder.resolve(FILE), header, 24),
                "model.safetensors: b: data_offsets [16, 24] leaves a hole after a (expected: to begin at 8)");
        refused(
                RawSafetensors.write(folder.resolve(FILE), "{" + entry("a", 8, 16) + "}", 16),
                "model.safetensors: a: data_offsets [8, 16] leaves a hole after the data section (expected: to begin at 0)");
    }

    @Test
    void aTruncatedFileIsRefused() {
        refused(
                RawSafetensors.write(folder.resolve(FILE), ONE, 7),
                "model.safetensors: truncated: 7 bytes of data (expected: 8, as the header says)");
    }

    @Test
    void bytesAfterTheLastTensorAreRefused() {
        refused(
                RawSafetensors.write(folder.resolve(FILE), ONE, 9),
                "model.safetensors: 1 bytes after the last tensor (expected: none)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{}                                                                                       | 0",
                "{}   <LF>                                                                                | 0",
                "{\"__metadata__\":null}                                                                  | 0",
                "{\"__metadata__\":{\"format\":\"pt\"}}                                                   | 0",
                "{\"a\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[0,2]}}                         | 2",
                "{\"a\":{\"dtype\":\"BF16\",\"shape\":[0,4],\"data_offsets\":[0,0]}}                      | 0",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3],\"extra\":{}},"
                        + "\"z\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[2,2]}}                | 3"
            })
    void whatTheReferenceAcceptsIsAccepted(String header, int dataBytes) {
        RawSafetensors.write(folder.resolve(FILE), header.replace("<LF>", "\n"), dataBytes);
        try (CheckpointFiles files = new FolderFiles(folder)) {
            SafetensorsFile file = SafetensorsFile.open(files, FILE);
            file.entries()
                    .keySet()
                    .forEach(name -> assertThat(
                                    file.tensor(name, Arena.global()).data().byteSize())
                            .isEqualTo(file.entry(name).bytes()));
        }
    }

    @Test
    void unorderedAndUnalignedTensorsAreRead() {
        String header = "{\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[1,9]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} ";
        byte[] data = {7, 1, 0, 0, 0, 0, 0, 0, 0};
        RawSafetensors.write(folder.resolve(FILE), header, data);
        try (CheckpointFiles files = new FolderFiles(folder)) {
            SafetensorsFile file = SafetensorsFile.open(files, FILE);
            assertThat(file.tensor("b", Arena.global()).data().get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
                    .isEqualTo(1);
            assertThat(List.copyOf(file.entries().keySet())).containsExactly("b", "a");
        }
    }

    private static String entry(String name, int begin, int end) {
        return "\"%s\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[%d,%d]}".formatted(name, begin, end);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void refused(Path file, String message) {
        try (CheckpointFiles files = new FolderFiles(file.getParent())) {
            assertThatThrownBy(() -> SafetensorsFile.open(files, FILE))
                    .isInstanceOfSatisfying(
                            QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                    .hasMessage(message);
        }
    }
}
