package dev.quern.recipes.view;

/**
 * GET /api/v1/whoami.
 *
 * @param name of the key, also where a session of the dashboard asks
 * @param scope the highest; it includes those below it
 * @param session whether a cookie stands for the key
 * @param version of the server
 */
public record WhoView(String name, String tenant, KeyView.Scope scope, boolean session, String version) {}
