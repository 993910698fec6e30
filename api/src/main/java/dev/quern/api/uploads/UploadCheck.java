package dev.quern.api.uploads;

import dev.quern.jobs.upload.Upload;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.view.UploadView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which files an upload may hold: those of a checkpoint, by name, or one text. What is in them is read by control and
 * worker, never here.
 */
final class UploadCheck {
    /** The largest file in bytes; its parts then have 53 MB. */
    static final long MAX_FILE = 512L << 30;

    static final String SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final int MAX_FILES = 2000;
    private static final int MAX_NAME = 400;
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,199}){0,3}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Set<String> PICKLES = Set.of("bin", "pt", "pth", "ckpt", "pkl", "pickle");
    private static final Set<String> CODE_AND_ARCHIVES = Set.of(
            "py", "so", "zip", "tar", "tgz", "gz", "bz2", "xz", "zst", "7z", "rar", "gguf", "ggml", "h5", "msgpack",
            "onnx", "npz", "tflite", "nemo");
    /** Weights, configuration, tokenizers and templates, and what people read beside them; licences have no ending. */
    private static final Set<String> ACCEPTED = Set.of(
            "",
            "safetensors",
            "json",
            "jsonl",
            "txt",
            "model",
            "jinja",
            "tiktoken",
            "md",
            "yaml",
            "yml",
            "toml",
            "pdf",
            "png",
            "jpg",
            "jpeg",
            "svg",
            "webp",
            "gif");

    private final List<Violation> violations = new ArrayList<>();
    private boolean unsafe;

    private UploadCheck() {}

    /**
     * @throws QuernException INVALID_REQUEST with all violations, UNSAFE_CHECKPOINT where a file is one that is never
     *     read
     */
    static void check(UploadView.Request request) {
        UploadCheck check = new UploadCheck();
        List<UploadView.Item> files = request.files();
        check.expect(
                !files.isEmpty() && files.size() <= MAX_FILES, "/files", files.size() + " files", "1 to " + MAX_FILES);
        Set<String> names = new HashSet<>();
        for (int i = 0; i < files.size(); i++) {
            check.file("/files/" + i, files.get(i), names);
        }
        check.expect(
                names.contains("config.json") || Upload.isText(List.copyOf(names)),
                "/files",
                "no config.json",
                "a checkpoint, with its config.json, or one .jsonl or .txt file");
        if (!check.violations.isEmpty()) {
            throw new QuernException(
                    check.unsafe ? ErrorCode.UNSAFE_CHECKPOINT : ErrorCode.INVALID_REQUEST,
                    check.violations.getFirst().message(),
                    check.violations);
        }
    }

    private void file(String at, UploadView.Item file, Set<String> names) {
        String name = file.name();
        boolean plain = name.length() <= MAX_NAME && NAME.matcher(name).matches();
        expect(
                plain,
                at + "/name",
                "\"" + (name.length() > 80 ? name.substring(0, 80) + "…" : name) + "\"",
                "a relative name of letters, digits or ._=+@-, at most " + MAX_NAME
                        + ", no part of it beginning with a dot");
        expect(names.add(name), at + "/name", name, "a name once");
        if (plain) {
            kind(at + "/name", name);
        }
        expect(
                file.size() >= 0 && file.size() <= MAX_FILE,
                at + "/size",
                Long.toString(file.size()),
                "0 to " + MAX_FILE + " bytes");
        boolean digest = SHA256.matcher(file.sha256()).matches()
                && (file.size() > 0 || file.sha256().equals(SHA256_OF_NOTHING));
        expect(digest, at + "/sha256", "no SHA-256 of such a file", "64 small hexadecimal digits");
    }

    private void kind(String at, String name) {
        String leaf = name.substring(name.lastIndexOf('/') + 1);
        int dot = leaf.lastIndexOf('.');
        String ending = dot < 0 ? "" : leaf.substring(dot + 1).toLowerCase(Locale.ROOT);
        boolean pickle = PICKLES.contains(ending);
        boolean refused = pickle || CODE_AND_ARCHIVES.contains(ending);
        unsafe |= refused;
        expect(
                ACCEPTED.contains(ending),
                at,
                name
                        + (pickle
                                ? ", a pickle, which can run code when it is loaded"
                                : refused ? ", code, an archive or another format" : ""),
                "weights as *.safetensors, json, txt, and tokenizer files");
    }

    private void expect(boolean holds, String pointer, String value, String expected) {
        if (!holds) {
            violations.add(Violation.of(pointer, value, expected));
        }
    }
}
