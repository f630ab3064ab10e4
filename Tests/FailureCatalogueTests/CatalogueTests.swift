import FailureCatalogue
import Testing

@Suite struct CatalogueTests {
}
