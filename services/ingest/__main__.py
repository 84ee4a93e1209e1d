"""`python -m services.ingest`: accept mentions and keep their receipts until SIGTERM."""

from libs.common.app import serve
from services.ingest.app import create_app
from services.ingest.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
