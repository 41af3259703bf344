# One image for web, worker, beat and the setup step; docker-compose.yml says which command each runs.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/runtime.txt /build/
RUN /venv/bin/pip install --require-hashes --only-binary :all: --requirement /build/runtime.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=accessportal.settings \
    STATIC_ROOT=/app/staticfiles \
    BIND=0.0.0.0:8000
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal && \
    install --directory --owner 10001 /checkpoints && \
    install --directory --owner 10001 --mode 700 /exports
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py gunicorn.conf.py LICENSE ./
COPY static static
COPY templates templates
COPY audit audit
COPY accounts accounts
COPY teams teams
COPY streams streams
COPY watching watching
COPY invitations invitations
COPY logins logins
COPY notices notices
COPY oversight oversight
COPY reviews reviews
COPY staff staff
COPY accessportal accessportal
# Collecting reads the settings and opens nothing: these addresses are never used.
RUN python -m compileall -q . && \
    SECRET_KEY=only-while-this-image-is-built-no-secret-of-anything-at-all SITE_URL=https://build.invalid \
    DATABASE_URL=postgresql://build.invalid/none REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input --verbosity 0
USER 10001
EXPOSE 8000
CMD ["gunicorn", "accessportal.wsgi"]
