package dev.quern.recipes.view;

import java.time.Instant;
import java.util.Map;

/**
 * One entry of a job's log and of its event stream; ids are a counter per job without gaps, from 1.
 *
 * @param type {@code state}, {@code stage}, {@code block}, {@code linear}, {@code reason} or {@code log}
 * @param data small, by type; values are JSON strings or numbers
 */
public record JobEvent(long id, String type, Instant at, Map<String, Object> data) {}
